// Two weights, two tasks: what pre-training and MAML do, one line of Algorithm 1 at a time.
// Everything follows from start, alpha, beta, first_order and step, so that going back or dragging
// the start simply shows the whole story again.

// The mathematics of two_step.py. A task is {centre, hessian}; `test_widgets_two_step.py` compares.

const LINES = 4; // of one outer update

const plus = (a, b, factor = 1) => [a[0] + factor * b[0], a[1] + factor * b[1]];
const dot = (a, b) => a[0] * b[0] + a[1] * b[1];
const times = (matrix, v) => [dot(matrix[0], v), dot(matrix[1], v)];
const gradientAt = (theta, {centre, hessian}) => times(hessian, plus(theta, centre, -1));

// theta' after one inner step, the gradients at theta and at theta', and (I - alpha H) times that.
function arrows(theta, task, alpha) {
  const gradient = gradientAt(theta, task);
  const adapted = plus(theta, gradient, -alpha);
  const firstOrder = gradientAt(adapted, task);
  const full = plus(firstOrder, times(task.hessian, firstOrder), -alpha);
  return {adapted, gradient, firstOrder, full};
}

function meanLoss(theta, alpha, tasks) {
  const losses = tasks.map((task) => {
    const away = plus(plus(theta, gradientAt(theta, task), -alpha), task.centre, -1);
    return 0.5 * dot(away, times(task.hessian, away));
  });
  return losses.reduce((sum, loss) => sum + loss, 0) / tasks.length;
}

// which: the name of the arrow that is followed, one task at a time in turn.
function walk(start, nUpdates, alpha, beta, which, tasks) {
  const path = [start];
  for (let update = 0; update < nUpdates; update++) {
    const theta = path.at(-1);
    const gradient = arrows(theta, tasks[update % tasks.length], alpha)[which];
    path.push(plus(theta, gradient, -beta));
  }
  return path;
}

const SIDE = 440; // of a plane
const PIXELS = 220; // of the picture of its surface
const BANDS = 18; // grey tones of the surface
const LAST_STEP = 60 * LINES;
const TASK_NAMES = "ABCDEFGH";
const INK = {inner: "#007A59", slide: COLOUR.alarm, full: COLOUR.normal};
const SETTINGS = ["start", "alpha", "beta", "first_order", "step"];

function render({model, el}) {
  const say = sayIn(model);
  const {tasks, half_width: half} = traitsOf(model);
  const id = `vk-two-step-${Math.random().toString(36).slice(2)}`;
  const left = plane(say("pre-training: dark is a high loss now"), id, half);
  const right = plane(say("MAML: dark is a high loss after one inner step"), id, half);
  const paint = surfacePainter(tasks, half);
  const table = lossTable(say), status = node("output", {class: "vk-status"});
  const controls = rateControls(say, (changes) => set(changes));
  const readModel = () => Object.fromEntries(SETTINGS.map((name) => [name, model.get(name)]));
  let settings = {};

  function showStory() {
    const story = storyOf(settings, tasks);
    for (const side of [left, right]) plotBowls(side, tasks, story.active);
    plotPreTraining(left, story);
    plotMaml(right, story);
    for (const name of ["pre", "maml"]) {
      const losses = [0, settings.alpha].map((rate) => meanLoss(story[name].at(-1), rate, tasks));
      table.show(name, losses);
    }
    status.textContent = storyInWords(story, say);
    const [x, y] = settings.start.map((v) => v.toFixed(1));
    const place = say("starting point {x}, {y}; arrow keys move it", {x, y});
    left.svg.setAttribute("aria-label", `${say("pre-training")}: ${place}`);
    right.svg.setAttribute("aria-label", `MAML: ${place}`);
  }
  function show(changes) {
    const before = settings.alpha;
    settings = {...settings, ...changes};
    settings.start = settings.start.map((v) => +clamp(v, -half, half).toFixed(2));
    settings.step = clamp(settings.step, 0, LAST_STEP);
    controls.show(settings);
    if (settings.alpha !== before) paint(right, settings.alpha);
    showStory();
  }
  function set(changes) {
    show(changes);
    tellPython(model, settings);
  }

  const film = player(say, 1.4, () => {
    set({step: settings.step + 1});
    return settings.step < LAST_STEP;
  });
  const go = (change) => film.pausing(() => set({step: settings.step + change}));
  const again = film.pausing(() => set({step: 0}));
  const nudge = (x, y) => (event) =>
    set({start: plus(settings.start, [x, y], event.shiftKey ? 5 : 1)});
  onKeys(el, {
    ArrowLeft: nudge(-0.1, 0), ArrowRight: nudge(0.1, 0), ArrowUp: nudge(0, 0.1),
    ArrowDown: nudge(0, -0.1), n: go(1), b: go(-1), r: again, " ": film.toggle,
  });
  film.button.addEventListener("click", film.toggle);
  for (const {svg, weightsAt} of [left, right]) {
    svg.addEventListener("pointerdown", () => svg.focus({preventScroll: true}));
    whilePressed(svg, (place) => set({start: weightsAt(place)}));
  }

  const back = button(`‹ ${say("Back")}`, go(-1)), next = button(`${say("Next line")} ›`, go(1));
  const restart = button(say("From the start"), again);
  fillWidget(el, model, "vk-two-step",
    node("div", {class: "vk-planes"}, left.figure, right.figure), legend(say),
    node("div", {class: "vk-bar"}, back, next, film.button, restart, status),
    controls.element, table.element,
    hint(say("N next line · B back · Space plays · R from the start · click or drag to set the "
      + "starting point, or press ← → ↑ ↓ (with Shift: faster)")));
  paint(left, 0);
  show(readModel());
  return inTurn(film.stop, listen(model, SETTINGS, () => show(readModel())));
}

// Both walks so far, the line of the algorithm, and the arrows at the ends of the walks.
function storyOf({start, alpha, beta, first_order: isFirstOrder, step}, tasks) {
  const nUpdates = Math.floor(step / LINES);
  const active = nUpdates % tasks.length;
  const followed = isFirstOrder ? "firstOrder" : "full";
  const pre = walk(start, nUpdates, alpha, beta, "gradient", tasks);
  const maml = walk(start, nUpdates, alpha, beta, followed, tasks);
  const downhill = (gradient) => gradient.map((v) => -beta * v);
  const preChange = downhill(gradientAt(pre.at(-1), tasks[active]));
  const {adapted, firstOrder, full} = arrows(maml.at(-1), tasks[active], alpha);
  const changes = {preChange, slide: downhill(firstOrder), full: downhill(full)};
  return {nUpdates, active, line: step % LINES, isFirstOrder, pre, maml, adapted, ...changes};
}

function plotPreTraining(side, {pre, preChange, line}) {
  const theta = pre.at(-1);
  plotPath(side, pre);
  if (line >= 1) plotArrow(side, theta, preChange, "full");
  plotDot(side, theta, 6.5, COLOUR.box, "θ");
}

function plotMaml(side, {maml, adapted, slide, full, line}) {
  const theta = maml.at(-1);
  plotPath(side, maml);
  if (line >= 1) {
    plotArrow(side, theta, plus(adapted, theta, -1), "inner");
    plotDot(side, adapted, 5, "#fff", "θ′");
  }
  if (line >= 2) plotArrow(side, adapted, slide, "slide");
  if (line >= 3) {
    plotArrow(side, theta, slide, "slide", "7 5");
    plotArrow(side, theta, full, "full");
  }
  plotDot(side, theta, 6.5, COLOUR.box, "θ");
}

function storyInWords({nUpdates, active, line, isFirstOrder, maml, adapted}, say) {
  const short = (p) => `(${p.map((v) => v.toFixed(2)).join(", ")})`;
  const update = say("Update {n}, task {task}.", {n: nUpdates + 1, task: TASK_NAMES[active]});
  const which = isFirstOrder ? say("first-order") : say("full");
  const lines = [
    say("Line 3: a task is drawn. θ is at {theta}.", {theta: short(maml.at(-1))}),
    say("Lines 5 and 6: an intermediate result. The inner step leads to θ′ = {adapted}. "
      + "Pre-training has only the gradient where it stands.", {adapted: short(adapted)}),
    say("Line 8 begins: the query loss is differentiated at θ′, not at θ."),
    say("That arrow is carried back to θ. As it is, it is first-order MAML; the full arrow is "
      + "(I − αH) times it. Next, θ moves along the {which} one.", {which}),
  ];
  return `${update} ${lines[line]}`;
}

// The plane of both weights: a surface, the bowls of the tasks, and what happens on it.
function plane(title, id, half) {
  const at = (v) => ((v + half) / (2 * half)) * SIDE;
  const viewBox = `-6 -6 ${SIDE + 12} ${SIDE + 12}`;
  const role = {role: "application", tabindex: 0};
  const svg = svgNode("svg", {viewBox, class: "vk-chart vk-plane", ...role});
  const surface = svgNode("image", {width: SIDE, height: SIDE}), defs = svgNode("defs");
  const bowls = svgNode("g"), story = svgNode("g");
  const box = {viewBox: "0 0 10 10", markerWidth: 5, markerHeight: 5, refX: 8.5, refY: 5};
  for (const [ink, fill] of Object.entries(INK)) {
    const head = svgNode("marker", {id: `${id}-${ink}`, orient: "auto", ...box});
    head.append(svgNode("path", {d: "M0 0L10 5L0 10z", fill}));
    defs.append(head);
  }
  const frame = svgNode("rect", {width: SIDE, height: SIDE, fill: "none", stroke: "#888"});
  svg.append(defs, surface, frame, bowls, story);
  return {
    svg, surface, bowls, story, id,
    figure: node("figure", {}, node("figcaption", {}, title), svg),
    X: (p) => at(p[0]),
    Y: (p) => SIDE - at(p[1]),
    lengthOf: (v) => (v * SIDE) / (2 * half),
    weightsAt: ({x, y}) => [(x / SIDE) * 2 * half - half, half - (y / SIDE) * 2 * half],
  };
}

function surfacePainter(tasks, half) {
  const context = node("canvas", {width: PIXELS, height: PIXELS}).getContext("2d");
  const image = context.createImageData(PIXELS, PIXELS);
  const colours = new Uint32Array(image.data.buffer);
  return (side, rate) => {
    colours.forEach((_, i) => {
      const x = ((i % PIXELS) + 0.5) / PIXELS;
      const y = 1 - (Math.floor(i / PIXELS) + 0.5) / PIXELS;
      const theta = [(2 * x - 1) * half, (2 * y - 1) * half];
      const band = Math.min(BANDS, Math.floor(Math.sqrt(meanLoss(theta, rate, tasks)) * 5));
      const tone = 255 - 7 * band;
      colours[i] = (255 << 24) | (tone << 16) | (tone << 8) | tone;
    });
    context.putImageData(image, 0, 0);
    side.surface.setAttribute("href", context.canvas.toDataURL());
  };
}

// Two contour lines of each task; those of the active one are solid.
function plotBowls({bowls, X, Y, lengthOf}, tasks, active) {
  bowls.replaceChildren();
  tasks.forEach(({centre, hessian: [[a, b], [, d]]}, i) => {
    const isActive = i === active;
    const mean = (a + d) / 2, spread = Math.hypot((a - d) / 2, b); // eigenvalues: mean +- spread
    const angle = ((-Math.atan2(2 * b, a - d) / 2) * 180) / Math.PI;
    const transform = `translate(${X(centre)} ${Y(centre)}) rotate(${angle})`;
    const dashed = {"stroke-width": 1, "stroke-dasharray": "3 3"};
    const solid = {"stroke-width": 2.4, "stroke-dasharray": "none"};
    const line = {fill: "none", stroke: "#6B4A8A", ...(isActive ? solid : dashed)};
    for (const level of [0.15, 0.6]) {
      const rx = lengthOf(Math.sqrt((2 * level) / (mean + spread)));
      const ry = lengthOf(Math.sqrt((2 * level) / (mean - spread)));
      bowls.append(svgNode("ellipse", {cx: 0, cy: 0, rx, ry, transform, ...line}));
    }
    const font = {fill: "#4B2A6A", style: `font-weight: ${isActive ? 800 : 400}`};
    bowls.append(svgText(X(centre), Y(centre) + 5, TASK_NAMES[i], "middle", font));
  });
}

// The beginning of the story: where the walk has led.
function plotPath(side, path) {
  const points = path.map((p) => `${side.X(p)},${side.Y(p)}`).join(" ");
  const style = {fill: "none", stroke: "#000", "stroke-width": 1.3};
  side.story.replaceChildren(svgNode("polyline", {points, ...style}));
  path.slice(0, -1).forEach((p, i) => plotDot(side, p, i ? 2.5 : 5, i ? "#000" : "#fff"));
}

function plotArrow({story, X, Y, id}, from, change, ink, dash = "") {
  const to = plus(from, change);
  const stroke = {stroke: INK[ink], "stroke-width": 3.2, "stroke-dasharray": dash};
  const head = {"marker-end": `url(#${id}-${ink})`, class: `vk-arrow-${ink}`};
  story.append(svgLine(X(from), Y(from), X(to), Y(to), {...stroke, ...head}));
}

function plotDot({story, X, Y}, p, r, fill, name = "") {
  const stroke = {stroke: "#000", "stroke-width": 1.4};
  story.append(svgNode("circle", {cx: X(p), cy: Y(p), r, fill, ...stroke}));
  const style = "font-weight: 600";
  if (name) story.append(svgNode("text", {x: X(p) + 10, y: Y(p) - 9, style}, name));
}

function legend(say) {
  const entries = [
    ["inner", "solid", say("inner step")],
    ["slide", "dashed", say("query gradient at θ′ (solid), carried to θ: first order (dashed)")],
    ["full", "solid", say("full arrow; on the left the gradient at θ")],
  ];
  const spans = entries.map(([ink, line, text]) =>
    node("span", {style: `border-bottom: 4px ${line} ${INK[ink]}`}, text));
  return node("p", {class: "vk-legend"}, ...spans);
}

function lossTable(say) {
  const cells = {pre: [node("td", {}), node("td", {})], maml: [node("td", {}), node("td", {})]};
  const column = (text) => node("th", {scope: "col"}, text);
  const row = (text, name) => node("tr", {}, node("th", {scope: "row"}, text), ...cells[name]);
  const titles = [say("now (early game)"), say("after one inner step (late game)")];
  const element = node("table", {class: "vk-losses"},
    node("caption", {}, say("mean loss of both tasks")),
    node("tr", {}, node("td"), ...titles.map(column)),
    row(say("pre-training"), "pre"), row("MAML", "maml"));
  const show = (name, losses) =>
    losses.forEach((loss, i) => { cells[name][i].textContent = loss.toFixed(3); });
  return {element, show};
}

function rateControls(say, set) {
  const rate = (name, least, about) =>
    slider(`vk-threshold vk-${name}`, about, [least, 1], (v) => set({[name]: v}), 0.05);
  const alpha = rate("alpha", 0, say("alpha, the inner rate")), alphaText = node("output");
  const beta = rate("beta", 0.05, say("beta, the outer rate")), betaText = node("output");
  const choice = checkbox({class: "vk-first-order"}, (isOn) => set({first_order: isOn}));
  const element = node("div", {class: "vk-bar"},
    node("label", {}, alphaText, alpha), node("label", {}, betaText, beta),
    node("label", {}, choice, " ", say("MAML moves along the first-order arrow")));
  function show(settings) {
    alpha.value = settings.alpha;
    beta.value = settings.beta;
    choice.checked = settings.first_order;
    alphaText.textContent = `α = ${settings.alpha.toFixed(2)}`;
    betaText.textContent = `β = ${settings.beta.toFixed(2)}`;
  }
  return {element, show};
}
