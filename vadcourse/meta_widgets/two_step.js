// Two weights, two tasks: what pre-training and MAML do, one line of Algorithm 1 at a time.
// Everything follows from start, alpha, beta, first_order and step, so that going back or dragging
// the start simply shows the whole story again.

// The mathematics of two_step.py. A task is {centre, hessian}; `test_widgets_two_step.py` compares.

const LINES = 4; // of one outer update

const plus = (a, b, factor = 1) => [a[0] + factor * b[0], a[1] + factor * b[1]];
const dot = (a, b) => a[0] * b[0] + a[1] * b[1];
const times = (matrix, v) => [dot(matrix[0], v), dot(matrix[1], v)];
const mean = (vectors) => vectors.reduce((a, b) => plus(a, b)).map((x) => x / vectors.length);
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

// The mean loss after one inner step is a bowl, too, but for a constant: its centre and Hessian.
// The full arrow is K (theta - c) with a K of each task; the mean of them vanishes at the centre.
function meanBowl(alpha, tasks) {
  const pull = (theta) => mean(tasks.map((task) => arrows(theta, task, alpha).full));
  const atZero = pull([0, 0]);
  const hessian = [[1, 0], [0, 1]].map((e) => plus(pull(e), atZero, -1));
  const [[a, b], [c, d]] = hessian, [x, y] = atZero, det = a * d - b * c;
  return {hessian, centre: [(b * y - d * x) / det, (c * x - a * y) / det]};
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

const LAST_STEP = 60 * LINES;
const SLOW = 2 * LINES; // steps that are played line by line; then whole updates
const FULL_BAR = 5; // the loss that fills a bar
const REACH = 34; // how near to the starting point one takes hold of it
const TASK_NAMES = "ABCDEFGH";
const SETTINGS = ["start", "alpha", "beta", "first_order", "step"];
const short = (v) => (Math.abs(v) < 1000 ? v.toFixed(2) : v.toExponential(1));

function render({model, el}) {
  const say = sayIn(model), {tasks, half} = traitsOf(model);
  const scene = storyScene(say, tasks, half), light = lighting(el);
  const controls = rateControls(say, (changes) => set(changes));
  const readModel = () => Object.fromEntries(SETTINGS.map((name) => [name, model.get(name)]));
  let settings = {};
  function show(changes) {
    const before = settings;
    settings = {...settings, ...changes};
    settings.start = settings.start.map((v, i) => +clamp(v, -half[i], half[i]).toFixed(2));
    settings.step = clamp(settings.step, 0, LAST_STEP);
    controls.show(settings);
    scene.show(settings, before);
    light();
  }
  function set(changes) {
    show(changes);
    tellPython(model, settings);
  }

  const film = player(say, 1.4, () => {
    set({step: settings.step + (settings.step < SLOW ? 1 : LINES)});
    return settings.step < LAST_STEP;
  });
  const go = (change) => film.pausing(() => set({step: settings.step + change}));
  const again = film.pausing(() => set({step: 0}));
  film.button.addEventListener("click", film.toggle);
  onKeys(el, {n: go(1), b: go(-1), r: again, " ": film.toggle,
    ...moveStart(scene.planes, () => settings.start, (start) => set({start}))});

  const back = button(`‹ ${say("Back")}`, go(-1)), next = button(`${say("Next line")} ›`, go(1));
  const buttons = [back, next, film.button, button(say("From the start"), again)];
  fillWidget(el, model, "vk-two-step",
    node("div", {class: "vk-layout"}, ...scene.elements,
      node("div", {class: "vk-bar"}, ...buttons, scene.status), controls.element),
    hint(say("N next line · B back · Space plays · R from the start · drag the starting point, or "
      + "← → ↑ ↓ (with Shift: faster) · point at a symbol, or at an arrow")));
  show(readModel());
  return inTurn(film.stop, listen(model, SETTINGS, () => show(readModel())));
}

// Both planes, the algorithm beside them, the losses, and what happens in words.
function storyScene(say, tasks, half) {
  const left = plane(say("pre-training: loss now (dark: low)"), half);
  const right = plane(say("MAML: loss after one step (dark: low)"), half);
  const planes = [left, right], status = node("output", {class: "vk-status"});
  const code = algorithm(say), bars = lossBars(say);
  plotSurface(left, meanBowl(0, tasks));
  function show(settings, before) {
    const {alpha, start, step} = settings;
    if (alpha !== before.alpha) plotSurface(right, meanBowl(alpha, tasks));
    const story = {...storyOf(settings, tasks), isOn: step > before.step, say};
    for (const side of planes) {
      side.clear();
      plotBowls(side, tasks, story.active);
    }
    plotPreTraining(left, story);
    plotMaml(right, story);
    code.show(story);
    const losses = (theta) => [0, alpha].map((rate) => meanLoss(theta, rate, tasks));
    bars.show(losses(story.pre.at(-1)), losses(story.maml.at(-1)));
    status.textContent = storyInWords(story, half);
    const [x, y] = start.map((v) => v.toFixed(1));
    const place = say("starting point {x}, {y}; arrow keys move it", {x, y});
    left.svg.setAttribute("aria-label", `${say("pre-training")}: ${place}`);
    right.svg.setAttribute("aria-label", `MAML: ${place}`);
  }
  const side = node("div", {class: "vk-side"}, code.element, bars.element);
  return {planes, status, elements: [left.figure, right.figure, side], show};
}

// By mouse and finger; returned are the keys that do it.
function moveStart(planes, start, set) {
  for (const {svg, at, weightsAt} of planes) {
    let isHeld = false; // a press elsewhere moves nothing
    svg.addEventListener("pointerdown", (event) => {
      svg.focus({preventScroll: true});
      const {x, y} = placeIn(svg, event), [x0, y0] = at(start());
      isHeld = Math.hypot(x - x0, y - y0) < REACH;
    });
    whilePressed(svg, (place) => { if (isHeld) set(weightsAt(place)); });
  }
  const nudge = (x, y) => (event) => set(plus(start(), [x, y], event.shiftKey ? 5 : 1));
  return {ArrowLeft: nudge(-0.1, 0), ArrowRight: nudge(0.1, 0), ArrowUp: nudge(0, 0.1),
    ArrowDown: nudge(0, -0.1)};
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
  const changes = {preChange, query: downhill(firstOrder), full: downhill(full)};
  return {nUpdates, active, line: step % LINES, isFirstOrder, pre, maml, adapted, ...changes};
}

// What is new at this line moves, if the story has gone on (`isOn`).
function plotPreTraining(side, {pre, preChange, line, isOn, say}) {
  const theta = pre.at(-1), labels = [];
  plotPath(side, "pre", pre);
  const how = {grows: isOn && line === 1};
  if (line >= 1) labels.push(plotArrow(side, "pre", theta, preChange, say("gradient"), how));
  const point = plotPoint(side, "theta", theta, "θ", isOn && line === 0 && pre.at(-2));
  plotLabels(side, [point, ...labels]);
}

function plotMaml(side, {maml, adapted, query, full, line, isOn, say}) {
  const theta = maml.at(-1), inner = plus(adapted, theta, -1), labels = [], points = [];
  const isNew = (number) => isOn && line === number;
  const arrow = (...what) => labels.unshift(plotArrow(side, ...what));
  plotPath(side, "full", maml);
  if (line >= 1) arrow("inner", theta, inner, say("inner step"), {grows: isNew(1)});
  if (line >= 2) arrow("query", adapted, query, say("query gradient"), {grows: isNew(2)});
  if (line >= 3) {
    const how = {isDashed: true, comesFrom: isNew(3) && adapted};
    arrow("query", theta, query, say("first order"), how);
    arrow("full", theta, full, say("full"), {grows: isNew(3), isLate: true});
  }
  if (line >= 1) points.push(plotPoint(side, "adapted", adapted, "θ′"));
  points.push(plotPoint(side, "theta", theta, "θ", isNew(0) && maml.at(-2)));
  plotLabels(side, [...points, ...labels]);
}

function storyInWords({nUpdates, active, line, isFirstOrder, maml, adapted, say}, half) {
  const place = (p) => `(${p.map(short).join(", ")})`;
  const theta = maml.at(-1), isFar = theta.some((v, i) => Math.abs(v) > half[i]);
  const update = say("Update {n}, task {task}.", {n: nUpdates + 1, task: TASK_NAMES[active]});
  const which = isFirstOrder ? say("first-order") : say("full");
  const lines = [
    say("Line 3: a task is drawn. θ is at {theta}.", {theta: place(theta)}),
    say("Lines 5 and 6: an intermediate result. The inner step leads to θ′ = {adapted}. "
      + "Pre-training has only the gradient where it stands.", {adapted: place(adapted)}),
    say("Line 8 begins: the query loss is differentiated at θ′, not at θ."),
    say("That arrow is carried back to θ. As it is, it is first-order MAML; the full arrow is "
      + "(I − αH) times it. Next, θ moves along the {which} one.", {which}),
  ];
  return [update, lines[line], isFar ? say("θ has left the picture.") : ""].join(" ");
}

// Pointing at a symbol, an arrow or a point, or focusing it, lights all that mean the same.
function lighting(el) {
  let part = null;
  function show() {
    const all = [...el.querySelectorAll("[data-part]")];
    for (const one of all) one.classList.toggle("vk-lit", one.dataset.part === part);
    el.classList.toggle("vk-lighting", !!el.querySelector("svg .vk-lit"));
  }
  const follow = (event) => {
    part = event.target.closest("[data-part]")?.dataset.part ?? null;
    show();
  };
  for (const kind of ["pointerover", "focusin"]) el.addEventListener(kind, follow);
  function leave({pointerType}) {
    if (pointerType === "touch") return; // a finger that is lifted has chosen
    part = null;
    show();
  }
  for (const kind of ["pointerleave", "focusout"]) el.addEventListener(kind, leave);
  return show;
}

// Algorithm 1 for one task: numbers of its lines, and symbols that are arrows and points.
function algorithm(say) {
  const meaning = {
    theta: say("the weights"), adapted: say("the weights after the inner step"),
    inner: say("the inner step"), query: say("the query gradient"), full: say("the full arrow"),
    pre: say("the gradient where it stands"),
  };
  const seen = new Set(), task = node("b");
  function symbol(part, ...content) {
    const tabindex = seen.has(part) ? -1 : 0;
    seen.add(part);
    const how = {type: "button", class: "vk-symbol", "data-part": part, title: meaning[part]};
    return node("button", {...how, tabindex}, ...content);
  }
  const theta = () => symbol("theta", "θ"), adapted = () => symbol("adapted", "θ′");
  const lossOf = (samples) => ["∇L", node("sub", {}, samples)];
  const beta = symbol("full", "β"), factor = symbol("full", "(I − αH)");
  const line = (number, ...parts) =>
    node("li", {}, node("span", {class: "vk-number"}, number), node("span", {}, ...parts));
  const lines = [
    line("3", say("draw a task:"), " ", task),
    line("5, 6", adapted(), " ← ", theta(), " − ", symbol("inner", "α "),
      symbol("inner", ...lossOf(say("support")), "(θ)")),
    line("8", symbol("query", "g"), " = ", symbol("query", ...lossOf(say("query")), "(θ′)")),
    line("8", theta(), " ← ", theta(), " − ", beta, " ", factor, " ", symbol("query", "g")),
  ];
  const only = line("", theta(), " ← ", theta(), " − ", symbol("pre", "β "),
    symbol("pre", "∇L(θ)"));
  const element = node("div", {class: "vk-code"},
    node("b", {class: "vk-is-full"}, say("MAML, Algorithm 1, task by task")),
    node("ol", {}, ...lines),
    node("b", {class: "vk-is-pre"}, say("pre-training")), node("ol", {}, only));
  function show(story) {
    task.textContent = TASK_NAMES[story.active];
    const light = (item, isOn) => item.setAttribute("aria-current", isOn ? "step" : false);
    lines.forEach((item, i) => light(item, i === story.line));
    light(only, story.line > 0);
    factor.hidden = story.isFirstOrder;
    beta.dataset.part = story.isFirstOrder ? "query" : "full";
  }
  return {element, show};
}

function lossBars(say) {
  const names = [["pre", say("pre-training")], ["full", "MAML"]];
  const titles = [say("now (early game)"), say("after one inner step (late game)")];
  const rows = titles.map(() => names.map(([part, name]) => {
    const bar = node("i", {class: `vk-is-${part}`}), value = node("td");
    const heading = node("th", {scope: "row"}, name);
    return {bar, value, row: node("tr", {}, heading, node("td", {}, bar), value)};
  }));
  const groups = titles.map((title, i) => node("tbody", {},
    node("tr", {}, node("th", {colspan: 3, scope: "rowgroup"}, title)),
    ...rows[i].map(({row}) => row)));
  const element = node("table", {class: "vk-losses"},
    node("caption", {}, say("mean loss of both tasks")), ...groups);
  const show = (...ends) => ends.forEach((losses, j) => losses.forEach((loss, i) => {
    const {bar, value} = rows[i][j];
    bar.style.width = `${clamp((100 * loss) / FULL_BAR, 0.8, 100)}%`;
    bar.classList.toggle("vk-beyond", loss > FULL_BAR);
    value.textContent = short(loss);
  }));
  return {element, show};
}

function rateControls(say, set) {
  const rate = (name, least, about) =>
    slider(`vk-short vk-${name}`, about, [least, 1], (v) => set({[name]: v}), 0.05);
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
