// Draw your own anomaly: the figure is painted and moved here, at once; Python composes the same
// frames, predicts them and sends what it found. In the game it also keeps the board. The figure
// itself is in `drawn_figure.js`.

const ARROWS = ["→", "↘", "↓", "↙", "←", "↖", "↑", "↗"];

function render({model, el}) {
  const say = sayIn(model);
  const isLive = "send" in model; // on a static page nobody predicts
  const {shape, n_inputs: first, fps, game: isGame} = traitsOf(model);
  const T = shape[0], sketch = newSketch(shape, model.get("drawing"));
  const news = node("output", {class: "vk-news"}), status = node("output", {class: "vk-status"});
  const tally = node("output", {class: "vk-tally"});
  const mail = courier(model, el, () => {
    news.textContent = say("No answer yet. If the kernel is not busy, run the cell again.");
  });
  const frame = linkedNumber(model, "frame", [first, T - 1], () => show());
  const film = player(say, fps, () => frame.set(frame.value >= T - 1 ? first : frame.value + 1));
  film.button.addEventListener("click", film.toggle);
  const goTo = film.pausing((t) => frame.set(t));
  const hand = handOf(sketch, say, changed);
  const easel = easelOf(sketch, hand, isLive, say);
  const results = resultPanels(traitsOf(model), say);
  const tools = toolBox(model, sketch, hand, isLive, say);
  const curve = curveBox(model, say, goTo, () => show());
  const handIn = (name) => mail.handIn(sketch.drawing, name);
  const game = gamePanel(model, isLive, say, handIn, hand.replace);

  function show() {
    const t = sketch.frame = frame.value;
    const image = pasted(traitsOf(model).frames, sketch.drawing, t, shape);
    easel.show(image);
    results.show(traitsOf(model), image, t);
    tools.show();
    const parts = wordsOf(traitsOf(model), t, say);
    curve.show(t, parts.join(", "));
    status.replaceChildren(...parts.flatMap(wordOrAlarm).slice(1));
  }
  function changed(words = "") {
    news.textContent = words;
    show();
    mail.post(sketch.drawing);
  }
  function readAnswer() {
    mail.answered();
    curve.redraw();
    tally.textContent = tallyOf(traitsOf(model), say);
    game.show();
    show();
  }
  function readDrawing() { // that Python has set
    if (!mail.isSending()) sketch.drawing = structuredClone(model.get("drawing"));
    show();
  }
  if (isLive) onKeys(easel.board, keysOf(sketch, hand, film, (by) => goTo(frame.value + by)));
  onKeys(el, {}); // no key reaches JupyterLab
  const help = isLive ? say("In the picture: arrow keys move the cursor · Space paints · Shift + "
    + "arrows paint on the way · B brush · E eraser · M move · 0 to 9 grey · + − size · U undo · "
    + "comma and full stop one frame") : "";
  fillWidget(el, model, "vk-draw",
    node("div", {class: "vk-desk"}, easel.figure, results.element, tools.element),
    node("div", {class: "vk-beneath"}, curve.element, game.element),
    node("div", {class: "vk-bar"}, film.button, status), tally, news, hint(help));
  el.classList.toggle("vk-game", isGame);
  tools.element.append(game.rules);
  sketch.frame = frame.value;
  readDrawing();
  readAnswer();
  const ends = [["drawing", readDrawing], ["predictions", show], ["answered", readAnswer],
    ["report", () => { news.textContent = model.get("report") || news.textContent; }]];
  return inTurn(film.stop, frame.stopListening, mail.stop,
    ...ends.map(([name, listener]) => listen(model, [name], listener)));
}

// Behind a dot; an alarm has a look of its own.
const wordOrAlarm = (word) =>
  ["  ·  ", word[0] === "▼" ? node("b", {class: "vk-alarm"}, word) : word];

// One drawing at a time goes to Python; the latest of those made meanwhile follows the answer.
function courier(model, el, complain) {
  let next = null, isWaiting = false, isSending = false, timer = null, patience = null;
  const wait = (isSo) => {
    isWaiting = isSo;
    el.classList.toggle("vk-waiting", isSo);
    clearTimeout(patience);
    if (isSo) patience = setTimeout(complain, 6000);
  };
  function send(changes) {
    isSending = true;
    tellPython(model, changes);
    isSending = false;
    wait(true);
  }
  function sendNext() {
    timer = null;
    if (isWaiting || !next) return;
    const isNew = JSON.stringify(next) !== JSON.stringify(model.get("drawing"));
    if (isNew) send({drawing: next});
    next = null;
  }
  return {
    isSending: () => isSending,
    post(drawing) {
      next = structuredClone(drawing);
      timer ??= setTimeout(sendNext, 40);
    },
    handIn(drawing, name) {
      next = null;
      send({drawing: structuredClone(drawing), attempt: {name, at: Date.now()}});
    },
    answered() {
      wait(false);
      sendNext();
    },
    stop() { [timer, patience].forEach(clearTimeout); },
  };
}

// The large picture; over it the brush, or the arrow of the figure's way.
function easelOf(sketch, hand, isLive, say) {
  const [, H, W] = sketch.shape, camera = picture(W, H, say("the clip with your figure"));
  const svg = svgNode("svg", {viewBox: `0 0 ${W} ${H}`, "aria-hidden": "true"});
  const board = node("div", {class: "vk-easel"}, camera.figure.firstChild, svg);
  camera.figure.classList.add("vk-camera");
  camera.figure.prepend(board);
  const name = say("The picture to draw on: its keys are listed below");
  if (isLive) setAttributes(board, {tabindex: 0, role: "application", "aria-label": name});
  const placeOf = (event) => {
    const {left, top, width, height} = board.getBoundingClientRect();
    return [((event.clientX - left) * W) / width, ((event.clientY - top) * H) / height];
  };
  const on = (name, act) => { if (isLive) board.addEventListener(name, act); };
  on("pointerdown", (event) => {
    if (event.button) return;
    event.preventDefault();
    board.setPointerCapture(event.pointerId);
    board.focus({preventScroll: true});
    hand.press(placeOf(event));
  });
  on("pointermove", (event) => hand.drag(placeOf(event)));
  on("pointerup", hand.release);
  on("pointercancel", hand.release);
  function show(image) {
    camera.paint(image);
    const isMoving = sketch.tool === "move";
    board.classList.toggle("vk-moving", isMoving);
    const arrow = isThere(sketch) ? arrowMarks(sketch) : [];
    if (isLive) svg.replaceChildren(...(isMoving ? arrow : brushMarks(sketch)));
  }
  return {figure: camera.figure, board, show};
}

function brushMarks({cursor: [x, y], size, unit}) {
  const half = Math.floor((size - 1) / 2), edge = {fill: "none", "stroke-width": 0.4 * unit};
  const mark = (stroke, grow) => svgRect(x - half - grow, y - half - grow, size + 2 * grow,
    size + 2 * grow, {...edge, stroke, class: "vk-brush"});
  return [mark("#000", 0.4 * unit), mark("#fff", 0)];
}

function arrowMarks(sketch) {
  const {middle: [x, y], tip: [tipX, tipY]} = arrowOf(sketch), {unit} = sketch;
  const line = (stroke, width) => svgLine(x, y, tipX, tipY, {stroke, "stroke-width": width * unit});
  const tip = {cx: tipX, cy: tipY, r: 1.8 * unit, fill: COLOUR.truth, stroke: "#000"};
  const end = svgNode("circle", {...tip, "stroke-width": 0.5 * unit});
  return [line("#000", 1.6), line(COLOUR.truth, 0.8), end];
}

function keysOf(sketch, hand, film, goBy) {
  const step = (dx, dy) => (event) => hand.step(dx, dy, event.shiftKey);
  const size = (by) => () => hand.hold({size: clamp(sketch.size + by, 1, 9 * sketch.unit)});
  const tool = (name) => () => hand.hold({tool: name});
  const greys = [..."0123456789"].map((d) => [d, () => hand.hold({grey: Math.round(d * 28.3)})]);
  return {
    ArrowLeft: step(-1, 0), ArrowRight: step(1, 0), ArrowUp: step(0, -1), ArrowDown: step(0, 1),
    " ": () => (sketch.tool === "move" ? film.toggle() : hand.paint()), "+": size(1),
    "=": size(1), "-": size(-1), b: tool("brush"), e: tool("eraser"), m: tool("move"),
    u: hand.undo, Delete: hand.clear, ",": () => goBy(-1), ".": () => goBy(1),
    PageUp: () => goBy(-10), PageDown: () => goBy(10), ...Object.fromEntries(greys),
  };
}

function resultPanels(traits, say) {
  const {shape: [, H, W], n_inputs: first, error_max: max} = traits, heat = errorTable(traits);
  const prediction = picture(W, H, say("prediction"));
  const error = picture(W, H, say("error, 0 to {max}", {max}));
  const element = node("div", {class: "vk-outcome"}, prediction.figure, error.figure);
  const show = ({predictions}, image, frame) => {
    const at = (frame - first) * H * W;
    prediction.paint(predictions, at);
    error.paintDifference(image, 0, predictions, at, heat);
  };
  return {element, show};
}

// Tools, ready figures, and what can be set of the figure.
function toolBox(model, sketch, hand, isLive, say) {
  const {figures, shape: [T]} = traitsOf(model), {unit} = sketch;
  const pens = [["brush", say("Brush")], ["eraser", say("Eraser")], ["move", say("Move")]]
    .map(([tool, text]) => [tool, button(text, () => hand.hold({tool}))]);
  const ready = figures.map(([name, figure]) => button(say(name), () => hand.choose(name, figure)));
  const ways = [say("right"), say("down right"), say("down"), say("down left"), say("left"),
    say("up left"), say("up"), say("up right")];
  const way = (heading) => Math.round(heading / 45) % 8;
  const px = (v) => say("{v} pixels per frame", {v: v.toFixed(1)});
  const signed = (v) => (v > 0 ? `+${v}` : String(v).replace("-", "−"));
  const pen = (key) => [() => sketch[key], (v) => hand.hold({[key]: v})];
  const trait = (key, act = hand.set) => [() => sketch.drawing[key], (v) => act({[key]: v})];
  const knobs = [
    knob(say("brush size"), [1, 9 * unit], 1, ...pen("size"), String),
    knob(say("brush grey"), [0, 255], 5, ...pen("grey"), String),
    knob(say("direction"), [0, 345], 15, ...trait("heading", hand.turn),
      (v) => `${ARROWS[way(v)]} ${v}°`, (v) => `${v}°, ${ways[way(v)]}`),
    knob(say("speed"), [0, MAX_SPEED * unit], 0.1, ...trait("speed", hand.turn),
      (v) => v.toFixed(1), px),
    knob(say("from frame"), [0, T - 1], 1, () => sketch.drawing.first,
      (first) => hand.set({first, last: Math.max(first, sketch.drawing.last)}), String),
    knob(say("to frame"), [0, T - 1], 1, () => sketch.drawing.last,
      (last) => hand.set({last, first: Math.min(last, sketch.drawing.first)}), String),
    knob(say("brightness"), [-200, 200], 5, ...trait("bright"), signed),
  ];
  const line = (...children) => node("div", {class: "vk-row"}, ...children);
  const tools = node("fieldset", {"aria-label": say("tools")},
    line(...pens.map(([, element]) => element), node("span"),
      button(say("Undo"), hand.undo), button(say("Clear"), hand.clear)),
    line(node("span", {}, say("or take a")), ...ready),
    node("div", {class: "vk-knobs"}, ...knobs.map((each) => each.element)));
  tools.disabled = !isLive;
  const element = node("div", {class: "vk-tools"}, tools);
  if (!isLive) {
    const why = say("Run the cell to draw: here the last result plays.");
    element.prepend(node("p", {class: "vk-why"}, why));
  }
  const show = () => {
    for (const [tool, pen] of pens) pen.setAttribute("aria-pressed", String(sketch.tool === tool));
    for (const each of knobs) each.show();
  };
  return {element, show};
}

function knob(name, range, step, read, write, text, words = text) {
  const input = slider("vk-knob", null, range, write, step), value = node("b");
  const element = node("label", {}, node("span", {}, name), input, value);
  const show = () => {
    input.value = read();
    value.textContent = text(read());
    input.setAttribute("aria-valuetext", words(read()));
  };
  return {element, show};
}

// The PSNR with the figure, dotted without, and the slider of frames below.
function curveBox(model, say, goTo, after) {
  const {shape: [T], n_inputs: first} = traitsOf(model);
  const draw = (width) => curveOf(traitsOf(model), width, say);
  const plot = fitted(draw, after);
  const input = slider("vk-frame", say("frame"), [first, T - 1], goTo);
  onDrag(plot, () => ({slider: input, move: (point) => goTo(point.frame)}));
  function redraw() {
    const last = plot.now.svg;
    plot.now = draw(plot.now.width);
    last.replaceWith(plot.now.svg);
  }
  function show(t, words) {
    const {X, width, setFrame} = plot.now;
    setFrame(t);
    alignSlider(input, X(first), X(T - 1), width);
    input.value = t;
    input.setAttribute("aria-valuetext", words);
  }
  const legend = hint(say("dotted: without the figure"));
  return {element: node("div", {}, plot.svg, input, legend), redraw, show};
}

function curveOf({psnr, untouched, labels, threshold}, width, say) {
  const [low, high] = extent([...psnr, ...untouched, threshold]).map((v) => v / 5);
  const range = [5 * Math.floor(low), 5 * Math.ceil(high)]; // it seldom jumps while one draws
  const curve = chart({values: psnr, labels, say, range, width, height: 152});
  const style = {fill: "none", stroke: COLOUR.soft, "stroke-width": 2, "stroke-dasharray": "2 3"};
  const d = linePath(untouched, curve.X, curve.Y);
  curve.svg.insertBefore(svgNode("path", {d, ...style}), curve.svg.querySelector("path"));
  curve.plotCurve();
  curve.setThreshold(threshold);
  const name = say("PSNR along the clip; the values are in the text below");
  curve.svg.setAttribute("aria-label", name);
  return curve;
}

function wordsOf({psnr, untouched, labels, threshold}, t, say) {
  const values = {p: psnr[t].toFixed(1), q: untouched[t].toFixed(1)};
  return [
    `${say("frame")} ${t} / ${psnr.length - 1}`,
    labels[t] ? say("PSNR {p} dB, without the figure {q}", values) : say("PSNR {p} dB", values),
    psnr[t] < threshold ? `▼ ${say("ALARM")}` : say("no alarm"),
    `${say("truth")}: ${labels[t] ? say("abnormal") : say("normal")}`,
  ];
}

function tallyOf({score, game}, say) {
  const {frames, ring, falls, problem} = score;
  if (problem) return problem;
  const values = {frames, ring, falls: Math.abs(falls).toFixed(1),
    share: Math.round((100 * ring) / frames), change: falls < 0 ? say("higher") : say("lower")};
  return game
    ? say("In {frames} frames it is seen well enough, and these count: {ring} ring ({share} %), "
      + "PSNR {falls} dB {change}.", values)
    : say("The figure is there in {frames} frames: {ring} ring ({share} %), and PSNR is {falls} dB "
      + "{change} than without it.", values);
}

// The rules, how well the figure is seen, and the board of the best.
function gamePanel(model, isLive, say, handIn, replace) {
  if (!model.get("game")) return {rules: "", element: "", show() {}};
  const rules = say("Let a person see it, and not the detector. It must reach a visibility of "
    + "100 % in 20 frames, cross a quarter of the picture, and cover no more than an eighth. The "
    + "fewest ringing frames win; then, the smallest fall of PSNR.");
  const fill = node("i"), seen = node("span");
  const range = {"aria-valuemin": 0, "aria-valuemax": 300};
  const meter = node("div", {class: "vk-meter", role: "meter", ...range}, fill, node("u"));
  meter.setAttribute("aria-label", say("visibility"));
  const who = say("a name, if you like"), name = node("input", {maxlength: 16, placeholder: who});
  name.setAttribute("aria-label", who);
  const submit = button(say("Hand in"), () => handIn(name.value));
  const form = node("div", {class: "vk-row"}, name, submit);
  for (const control of [name, submit]) control.disabled = !isLive;
  const board = node("ol", {class: "vk-board", "aria-label": say("the best so far")});
  const element = node("section", {}, node("div", {class: "vk-row"}, meter, seen), form, board);
  function lineOf({name: by, share, falls, drawing}) {
    const values = {name: by || say("somebody"), share: Math.round(100 * share), falls};
    const text = say("{name}: {share} % ring, PSNR falls {falls} dB", values);
    const show = () => replace(drawing, say("This is the figure that was handed in."));
    const line = button(text, show);
    line.disabled = !isLive;
    return node("li", {}, line);
  }
  function show() {
    const {score, best} = traitsOf(model), percent = Math.round(100 * score.visibility);
    const verdict = percent < 100 ? say("too faint") : say("seen");
    fill.style.width = `${Math.min(percent, 300) / 3}%`;
    seen.textContent = say("visibility {percent} %: {verdict}", {percent, verdict});
    setAttributes(meter, {"aria-valuenow": Math.min(percent, 300), "aria-valuetext": verdict});
    meter.classList.toggle("vk-seen", percent >= 100);
    board.replaceChildren(...best.map(lineOf));
  }
  return {rules: hint(rules), element, show};
}
