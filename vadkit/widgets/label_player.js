// Mark the abnormal frames by key while the clip plays; Python then says how well the marks agree
// with the truth.

function render({model, el}) {
  const say = sayIn(model);
  const {shape: [T, H, W], frames, caption, truth_name: truthName, fps} = traitsOf(model);
  const camera = picture(W, H, caption);
  const status = node("output", {class: "vk-status"}), report = node("output", {class: "vk-tally"});
  const frameSlider = slider("vk-frame", say("frame"), [0, T - 1], (t) => goTo(t));
  const unpressed = {"aria-pressed": "false"};
  const pens = {
    1: button(say("Mark abnormal (M)"), () => take(1), unpressed),
    0: button(say("Erase (E)"), () => take(0), unpressed),
  };
  const strip = strips(T, [say("you"), truthName], say("What you marked, and what is compared"));
  alignSlider(frameSlider, strip.X(0.5), strip.X(T - 0.5), strip.width);
  let marks = [...model.get("marks")];
  let frame = 0;
  let pen = null; // 1 marks, 0 erases the frames that pass by, null does neither

  function show(t) {
    const before = frame;
    frame = clamp(t, 0, T - 1);
    if (pen !== null) mark(Math.min(before, frame), Math.max(before, frame));
    camera.paint(frames, frame * H * W);
    frameSlider.value = frame;
    strip.setFrame(frame);
    const verdict = marks[frame] ? say("you say abnormal") : say("you say normal");
    status.textContent = `${say("frame")} ${frame} / ${T - 1}  ·  ${verdict}`;
    frameSlider.setAttribute("aria-valuetext", `${say("frame")} ${frame}, ${verdict}`);
    camera.figure.classList.toggle("vk-marked", !!marks[frame]);
  }
  function mark(first, last) {
    marks = marks.map((old, t) => (t >= first && t <= last ? pen : old));
    strip.plot(0, marks);
    strip.plot(1, []);
    tellPython(model, {marks, report: "", truth: []});
  }
  function take(wanted) {
    pen = pen === wanted ? null : wanted;
    for (const value of [0, 1]) pens[value].setAttribute("aria-pressed", String(pen === value));
    show(frame);
  }
  function advance() {
    const isOver = frame === T - 1;
    if (isOver) take(pen); // the pen is laid down
    else show(frame + 1);
    return !isOver;
  }
  const film = player(say, fps, advance);
  const goTo = film.pausing(show);
  const go = (change) => () => goTo(frame + change);
  const ask = film.pausing(() => tellPython(model, {asked: model.get("asked") + 1}));
  function play() {
    if (frame === T - 1 && !film.isPlaying()) {
      pen = null;
      show(0);
    }
    film.toggle();
  }
  onKeys(el, {
    ArrowLeft: go(-1), ArrowRight: go(1), PageUp: go(-10), PageDown: go(10), Home: go(-T),
    End: go(T), m: () => take(1), e: () => take(0), Enter: ask, " ": play,
  });
  film.button.addEventListener("click", play);

  const compare = button(say("Compare (Enter)"), ask);
  fillWidget(el, model, "vk-labels",
    node("div", {class: "vk-stage"}, camera.figure), strip.svg, frameSlider,
    node("div", {class: "vk-bar"}, film.button, pens[1], pens[0], compare, status), report,
    hint(say("Space plays · M starts and stops marking · E starts and stops erasing · "
      + "← → one frame · Enter compares")));
  const showReport = () => {
    report.textContent = model.get("report");
    strip.plot(1, model.get("truth"));
  };
  const readMarks = () => {
    marks = [...model.get("marks")];
    strip.plot(0, marks);
  };
  const ends = [listen(model, ["report"], showReport), listen(model, ["marks"], readMarks)];
  readMarks();
  show(0);
  showReport();
  return inTurn(film.stop, ...ends);
}

// Named rows of coloured runs above one another, with a cursor.
function strips(T, names, label) {
  const width = 900, left = 90, right = 890, row = 24;
  const height = names.length * row + 8;
  const X = (t) => left + (t * (right - left)) / T;
  const svg = svgPicture(width, height, {"aria-label": label});
  const bar = (i, x, length, style) => svgRect(x, i * row + 6, length, row - 6, style);
  const groups = names.map((name, i) => {
    svg.append(svgText(left - 8, i * row + 20, name, "end"));
    svg.append(bar(i, left, right - left, {fill: COLOUR.grid}));
    return svg.appendChild(svgNode("g", {fill: [COLOUR.prediction, COLOUR.truth][i]}));
  });
  const ends = {y1: 2, y2: height - 2};
  const cursor = svg.appendChild(svgNode("line", {...ends, stroke: COLOUR.ink, "stroke-width": 2}));
  const plot = (i, flags) => {
    const bars = runsOf(flags).map(([a, b]) => bar(i, X(a), X(b + 1) - X(a)));
    groups[i].replaceChildren(...bars);
  };
  const setFrame = (t) => setAttributes(cursor, {x1: X(t + 0.5), x2: X(t + 0.5)});
  return {svg, X, width, plot, setFrame};
}
