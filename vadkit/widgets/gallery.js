// Several clips side by side, looping; boxes around the anomalies on request.

function render({model, el}) {
  const say = sayIn(model);
  const {frames, clips, columns, fps, start, playing} = traitsOf(model);
  const pictures = clips.map((clip) => picture(clip.W, clip.H, clip.caption));
  const longest = Math.max(...clips.map((clip) => clip.T));
  const wrap = (t, length) => ((t % length) + length) % length; // never negative
  const boxes = checkbox({checked: ""}, () => move(0));
  const position = node("output", {class: "vk-status"});
  let tick = start;
  function move(change) {
    tick += change;
    clips.forEach((clip, i) => {
      const t = wrap(tick, clip.T);
      const box = clip.boxes[t];
      pictures[i].paint(frames, clip.offset + t * clip.H * clip.W);
      if (boxes.checked && box && box[0] >= 0) pictures[i].box(...box);
    });
    position.textContent = `${say("frame")} ${wrap(tick, longest)}`;
  }
  const film = player(say, fps, () => move(1));
  const step = (change) => film.pausing(() => move(change));
  film.button.addEventListener("click", film.toggle);
  onKeys(el, {" ": film.toggle, ArrowRight: step(1), ArrowLeft: step(-1)});

  const figures = pictures.map((p) => p.figure);
  const choice = node("label", {}, boxes, ` ${say("box the anomalies")}`);
  fillWidget(el, model, "vk-gallery",
    node("div", {class: "vk-grid", style: `--columns: ${columns}`}, ...figures),
    node("div", {class: "vk-bar"}, film.button, choice, position),
    hint(say("Space plays · ← → one frame")));
  move(0);
  if (playing && !matchMedia("(prefers-reduced-motion: reduce)").matches) film.start();
  return film.stop;
}
