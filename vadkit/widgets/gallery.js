// Several clips side by side, looping; boxes around the anomalies on request.

function render({model, el}) {
  const say = sayIn(model), frames = bytesOf(model, "frames"), clips = model.get("clips");
  const pictures = clips.map((clip) => picture(clip.W, clip.H, clip.caption));
  const play = playButton(say), boxes = node("input", {type: "checkbox", checked: ""});
  const position = node("output", {class: "vk-status"});
  let tick = model.get("start");
  function draw() {
    clips.forEach((clip, i) => {
      const t = ((tick % clip.T) + clip.T) % clip.T, box = clip.boxes[t];
      pictures[i].paint(frames, clip.offset + t * clip.H * clip.W);
      if (boxes.checked && box && box[0] >= 0) pictures[i].box(...box);
    });
    const longest = Math.max(...clips.map((clip) => clip.T));
    position.textContent = `${say("frame")} ${((tick % longest) + longest) % longest}`;
  }
  const move = (change) => { tick += change; draw(); };
  const film = player(() => move(1), model.get("fps"), play.show);
  onKeys(el, {" ": film.toggle, ArrowRight: () => { film.stop(); move(1); }, ArrowLeft: () => { film.stop(); move(-1); }});
  play.button.addEventListener("click", film.toggle);
  boxes.addEventListener("change", draw);

  el.classList.add("vadkit", "vk-gallery");
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", model.get("alt"));
  el.append(node("div", {class: "vk-grid", style: `--columns: ${model.get("columns")}`}, ...pictures.map((p) => p.figure)),
    node("div", {class: "vk-bar"}, play.button, node("label", {}, boxes, ` ${say("box the anomalies")}`), position),
    hint(say("Space plays · ← → one frame")));
  draw();
  if (model.get("playing") && !matchMedia("(prefers-reduced-motion: reduce)").matches) film.start();
  return () => film.stop();
}
