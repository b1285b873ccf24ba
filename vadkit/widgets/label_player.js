// Mark the abnormal frames by key while the clip plays; Python then says how well the marks agree with the truth.

function render({model, el}) {
  const say = sayIn(model), [T, H, W] = model.get("shape"), frames = bytesOf(model, "frames");
  const film = picture(W, H, model.get("caption")), play = playButton(say), status = node("output", {class: "vk-status"});
  const slider = node("input", {type: "range", min: 0, max: T - 1, step: 1, class: "vk-frame", "aria-label": say("frame")});
  const pens = {1: node("button", {type: "button"}, say("Mark abnormal (M)")), 0: node("button", {type: "button"}, say("Erase (E)"))};
  const compare = node("button", {type: "button"}, say("Compare (Enter)"));
  const report = node("output", {class: "vk-tally"});
  const strip = strips(T, [say("you"), model.get("truth_name")]);
  let marks = [...model.get("marks")], frame = 0, pen = null;

  function show(t) {
    const from = frame;
    frame = clamp(t, 0, T - 1);
    if (pen !== null) mark(Math.min(from, frame), Math.max(from, frame));
    film.paint(frames, frame * H * W);
    slider.value = frame;
    strip.setFrame(frame);
    const verdict = marks[frame] ? say("you say abnormal") : say("you say normal");
    status.textContent = `${say("frame")} ${frame} / ${T - 1}  ·  ${verdict}`;
    slider.setAttribute("aria-valuetext", `${say("frame")} ${frame}, ${verdict}`);
    film.figure.classList.toggle("vk-marked", !!marks[frame]);
  }
  function mark(first, last) {
    marks = marks.map((old, t) => (t >= first && t <= last ? pen : old));
    strip.draw(0, marks);
    strip.draw(1, []);
    model.set("marks", marks), model.set("report", ""), model.set("truth", []);
    model.save_changes();
  }
  function take(wanted) {
    pen = pen === wanted ? null : wanted;
    for (const [value, button] of Object.entries(pens)) button.setAttribute("aria-pressed", String(pen === +value));
    show(frame);
  }
  const projector = player(() => (frame < T - 1 ? show(frame + 1) : (take(pen), false)), model.get("fps"), play.show);
  const toggle = () => { if (frame === T - 1 && !projector.playing) pen = null, show(0); projector.toggle(); };
  const ask = () => { projector.stop(); model.set("asked", model.get("asked") + 1); model.save_changes(); };
  const go = (change) => () => { projector.stop(); show(frame + change); };
  onKeys(el, {" ": toggle, ArrowLeft: go(-1), ArrowRight: go(1), PageUp: go(-10), PageDown: go(10), Home: go(-T), End: go(T),
    m: () => take(1), e: () => take(0), Enter: ask});
  play.button.addEventListener("click", toggle);
  pens[1].addEventListener("click", () => take(1)), pens[0].addEventListener("click", () => take(0));
  compare.addEventListener("click", ask);
  slider.addEventListener("input", () => { projector.stop(); show(+slider.value); });

  el.classList.add("vadkit", "vk-labels");
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", model.get("alt"));
  for (const button of Object.values(pens)) button.setAttribute("aria-pressed", "false");
  el.append(node("div", {class: "vk-stage"}, film.figure), strip.svg, slider,
    node("div", {class: "vk-bar"}, play.button, pens[1], pens[0], compare, status), report,
    hint(say("Space plays · M starts and stops marking · E starts and stops erasing · ← → one frame · Enter compares")));
  strip.alignSlider(slider);
  const answer = () => {
    report.textContent = model.get("report");
    strip.draw(1, model.get("truth"));
  };
  const fromPython = () => { marks = [...model.get("marks")]; strip.draw(0, marks); };
  model.on("change:report", answer), model.on("change:marks", fromPython);
  strip.draw(0, marks), show(0), answer();
  return () => { projector.stop(); model.off("change:report", answer); model.off("change:marks", fromPython); };
}

// Named rows of coloured runs above one another, with a cursor.
function strips(T, names) {
  const width = 900, left = 90, right = 10, row = 24, height = names.length * row + 8;
  const X = (t) => left + (t * (width - left - right)) / T, svg = svgNode("svg", {viewBox: `0 0 ${width} ${height}`, class: "vk-chart"});
  const groups = names.map((name, i) => {
    svg.append(svgNode("text", {x: left - 8, y: i * row + 20, "text-anchor": "end"}, name));
    svg.append(svgNode("rect", {x: left, y: i * row + 6, width: width - left - right, height: row - 6, fill: "#EEEEEE"}));
    return svg.appendChild(svgNode("g", {fill: [COLOUR.normal, COLOUR.alarm][i]}));
  });
  const cursor = svg.appendChild(svgNode("line", {y1: 2, y2: height - 2, stroke: "#000", "stroke-width": 2}));
  return {
    svg,
    draw(i, flags) {
      groups[i].replaceChildren(...runsOf(flags).map(([first, last]) =>
        svgNode("rect", {x: X(first), y: i * row + 6, width: X(last + 1) - X(first), height: row - 6})));
    },
    setFrame(t) { cursor.setAttribute("x1", X(t + 0.5)), cursor.setAttribute("x2", X(t + 0.5)); },
    alignSlider(slider) {
      slider.style.marginLeft = `calc(${(100 * X(0.5)) / width}% - 8px)`;
      slider.style.width = `calc(${(100 * (X(T - 0.5) - X(0.5))) / width}% + 16px)`;
    },
  };
}
