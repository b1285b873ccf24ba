// Two weights, two tasks: what pre-training and MAML do, one line of Algorithm 1 at a time. Everything follows from
// start, alpha, beta, first_order and step, so that going back or dragging the start simply draws the whole story again.

function render({model, el}) {
  const say = sayIn(model), tasks = model.get("tasks"), half = model.get("half_width"), NAMES = "ABCDEFGH", LINES = 4;
  const SIDE = 440, PIXELS = 220, BANDS = 18, at = (v) => ((v + half) / (2 * half)) * SIDE, X = (p) => at(p[0]), Y = (p) => SIDE - at(p[1]);
  const INK = {inner: "#007A59", slide: COLOUR.alarm, full: COLOUR.normal};
  const plus = (a, b, s = 1) => [a[0] + s * b[0], a[1] + s * b[1]];
  const times = (h, v) => [h[0][0] * v[0] + h[0][1] * v[1], h[1][0] * v[0] + h[1][1] * v[1]];
  const gradient = (task, p) => times(task.hessian, plus(p, task.centre, -1));
  const loss = (task, p) => { const e = plus(p, task.centre, -1), g = times(task.hessian, e); return 0.5 * (e[0] * g[0] + e[1] * g[1]); };
  const meanLoss = (p, alpha) => tasks.reduce((sum, task) => sum + loss(task, plus(p, gradient(task, p), -alpha)), 0) / tasks.length;

  let start, alpha, beta, firstOrder, step;
  function arrowsAt(p, task) {
    const here = gradient(task, p), adapted = plus(p, here, -alpha), slide = gradient(task, adapted);
    return {here, adapted, slide, full: plus(slide, times(task.hessian, slide), -alpha)};
  }
  function walk(direction) {
    const path = [start];
    for (let update = 0; update < Math.floor(step / LINES); update++)
      path.push(plus(path.at(-1), direction(arrowsAt(path.at(-1), tasks[update % tasks.length])), -beta));
    return path;
  }

  function panel(title) {
    const svg = svgNode("svg", {viewBox: `-6 -6 ${SIDE + 12} ${SIDE + 12}`, class: "vk-chart vk-plane", role: "application", tabindex: 0});
    const surface = svgNode("image", {width: SIDE, height: SIDE}), bowls = svgNode("g"), story = svgNode("g");
    const defs = svgNode("defs");
    for (const [name, fill] of Object.entries(INK)) {
      const marker = svgNode("marker", {id: `${id}-${name}`, viewBox: "0 0 10 10", refX: 8.5, refY: 5, markerWidth: 5, markerHeight: 5, orient: "auto"});
      marker.append(svgNode("path", {d: "M0 0L10 5L0 10z", fill}));
      defs.append(marker);
    }
    svg.append(defs, surface, svgNode("rect", {width: SIDE, height: SIDE, fill: "none", stroke: "#888"}), bowls, story);
    return {svg, surface, bowls, story, figure: node("figure", {}, node("figcaption", {}, title), svg)};
  }
  const id = `vk-two-step-${Math.random().toString(36).slice(2)}`;
  const left = panel(say("pre-training: dark is a high loss now")), right = panel(say("MAML: dark is a high loss after one inner step"));
  const brush = node("canvas", {width: PIXELS, height: PIXELS}).getContext("2d"), image = brush.createImageData(PIXELS, PIXELS);
  function paint(target, rate) {
    const grey = new Uint32Array(image.data.buffer);
    for (let i = 0; i < PIXELS * PIXELS; i++) {
      const p = [((i % PIXELS) + 0.5) / PIXELS, 1 - (Math.floor(i / PIXELS) + 0.5) / PIXELS].map((v) => (2 * v - 1) * half);
      const tone = 255 - 7 * Math.min(BANDS, Math.floor(Math.sqrt(meanLoss(p, rate)) * 5));
      grey[i] = (255 << 24) | (tone << 16) | (tone << 8) | tone;
    }
    brush.putImageData(image, 0, 0);
    target.surface.setAttribute("href", brush.canvas.toDataURL());
  }
  function drawBowls(target, active) {
    target.bowls.replaceChildren();
    tasks.forEach(({centre, hessian: [[a, b], [, d]]}, i) => {
      const mean = (a + d) / 2, spread = Math.hypot((a - d) / 2, b), angle = (-Math.atan2(2 * b, a - d) / 2) * 180 / Math.PI;
      for (const level of [0.15, 0.6])
        target.bowls.append(svgNode("ellipse", {cx: 0, cy: 0, rx: Math.sqrt(2 * level / (mean + spread)) * SIDE / (2 * half), ry: Math.sqrt(2 * level / (mean - spread)) * SIDE / (2 * half),
          transform: `translate(${X(centre)} ${Y(centre)}) rotate(${angle})`, fill: "none", stroke: "#6B4A8A", "stroke-width": i === active ? 2.4 : 1, "stroke-dasharray": i === active ? "none" : "3 3"}));
      target.bowls.append(svgNode("text", {x: X(centre), y: Y(centre) + 5, "text-anchor": "middle", fill: "#4B2A6A", style: `font-weight: ${i === active ? 800 : 400}`}, NAMES[i]));
    });
  }
  function arrow(target, from, change, ink, dash = "") {
    const to = plus(from, change);
    target.story.append(svgNode("line", {x1: X(from), y1: Y(from), x2: X(to), y2: Y(to), stroke: INK[ink], "stroke-width": 3.2, "stroke-dasharray": dash, "marker-end": `url(#${id}-${ink})`, class: `vk-arrow-${ink}`}));
  }
  const dot = (target, p, r, fill, name = "") => {
    target.story.append(svgNode("circle", {cx: X(p), cy: Y(p), r, fill, stroke: "#000", "stroke-width": 1.4}));
    if (name) target.story.append(svgNode("text", {x: X(p) + 10, y: Y(p) - 9, style: "font-weight: 600"}, name));
  };
  function trail(target, path) {
    target.story.append(svgNode("polyline", {points: path.map((p) => `${X(p)},${Y(p)}`).join(" "), fill: "none", stroke: "#000", "stroke-width": 1.3}));
    path.slice(0, -1).forEach((p, i) => dot(target, p, i ? 2.5 : 5, i ? "#000" : "#fff"));
  }

  const legend = node("p", {class: "vk-legend"}), cells = {};
  for (const [ink, text, dashed] of [["inner", say("inner step"), false], ["slide", say("query gradient at θ′ (solid), carried to θ: first order (dashed)"), true], ["full", say("full arrow; on the left the gradient at θ"), false]])
    legend.append(node("span", {style: `border-bottom: 4px ${dashed ? "dashed" : "solid"} ${INK[ink]}`}, text));
  const cell = (name) => (cells[name] = node("td", {}));
  const table = node("table", {class: "vk-losses"}, node("caption", {}, say("mean loss of both tasks")),
    node("tr", {}, node("td"), node("th", {scope: "col"}, say("now (early game)")), node("th", {scope: "col"}, say("after one inner step (late game)"))),
    node("tr", {}, node("th", {scope: "row"}, say("pre-training")), cell("preNow"), cell("preLate")),
    node("tr", {}, node("th", {scope: "row"}, "MAML"), cell("mamlNow"), cell("mamlLate")));

  const slider = (name, min, max, about) => node("input", {type: "range", min, max, step: 0.05, class: `vk-threshold vk-${name}`, "aria-label": about});
  const alphaSlider = slider("alpha", 0, 1, say("alpha, the inner rate")), betaSlider = slider("beta", 0.05, 1, say("beta, the outer rate"));
  const alphaText = node("output"), betaText = node("output"), status = node("output", {class: "vk-status"});
  const choice = node("input", {type: "checkbox", class: "vk-first-order"});
  const button = (text, action) => { const made = node("button", {type: "button"}, text); made.addEventListener("click", action); return made; };
  const play = playButton(say);

  function words(active, maml, a) {
    const update = say("Update {n}, task {task}.", {n: Math.floor(step / LINES) + 1, task: NAMES[active]}), short = (p) => `(${p.map((v) => v.toFixed(2)).join(", ")})`;
    return update + " " + [
      say("Line 3: a task is drawn. θ is at {theta}.", {theta: short(maml.at(-1))}),
      say("Lines 5 and 6: an intermediate result. The inner step leads to θ′ = {adapted}. Pre-training has only the gradient where it stands.", {adapted: short(a.adapted)}),
      say("Line 8 begins: the query loss is differentiated at θ′, not at θ."),
      say("That arrow is carried back to θ. As it is, it is first-order MAML; the full arrow is (I − αH) times it. Next, θ moves along the {which} one.", {which: firstOrder ? say("first-order") : say("full")}),
    ][step % LINES];
  }
  function draw() {
    const active = Math.floor(step / LINES) % tasks.length, phase = step % LINES, task = tasks[active];
    const pre = walk((a) => a.here), maml = walk((a) => (firstOrder ? a.slide : a.full)), p = maml.at(-1), a = arrowsAt(p, task);
    for (const [target, path] of [[left, pre], [right, maml]]) drawBowls(target, active), target.story.replaceChildren(), trail(target, path);
    if (phase >= 1) arrow(left, pre.at(-1), gradient(task, pre.at(-1)).map((v) => -beta * v), "full");
    if (phase >= 1) arrow(right, p, plus(a.adapted, p, -1), "inner"), dot(right, a.adapted, 5, "#fff", "θ′");
    if (phase >= 2) arrow(right, a.adapted, a.slide.map((v) => -beta * v), "slide");
    if (phase >= 3) arrow(right, p, a.slide.map((v) => -beta * v), "slide", "7 5"), arrow(right, p, a.full.map((v) => -beta * v), "full");
    dot(left, pre.at(-1), 6.5, COLOUR.box, "θ"), dot(right, p, 6.5, COLOUR.box, "θ");
    for (const [name, where, rate] of [["preNow", pre, 0], ["preLate", pre, alpha], ["mamlNow", maml, 0], ["mamlLate", maml, alpha]])
      cells[name].textContent = meanLoss(where.at(-1), rate).toFixed(3);
    status.textContent = words(active, maml, a);
    const place = say("starting point {x}, {y}; arrow keys move it", {x: start[0].toFixed(1), y: start[1].toFixed(1)});
    left.svg.setAttribute("aria-label", say("pre-training") + ": " + place), right.svg.setAttribute("aria-label", "MAML: " + place);
  }
  function set(changes, tellPython = true) {
    const rateChanged = alpha !== (changes.alpha ?? alpha);
    ({start, alpha, beta, first_order: firstOrder, step} = {start, alpha, beta, first_order: firstOrder, step, ...changes});
    start = start.map((v) => +clamp(v, -half, half).toFixed(2)), step = clamp(step, 0, 60 * LINES);
    alphaSlider.value = alpha, betaSlider.value = beta, choice.checked = firstOrder;
    alphaText.textContent = `α = ${alpha.toFixed(2)}`, betaText.textContent = `β = ${beta.toFixed(2)}`;
    if (rateChanged) paint(right, alpha);
    draw();
    if (!tellPython) return;
    for (const [name, value] of Object.entries({start, alpha, beta, first_order: firstOrder, step})) model.set(name, value);
    model.save_changes();
  }

  const film = player(() => { set({step: step + 1}); return step < 60 * LINES; }, 1.4, play.show);
  const go = (change) => () => { film.stop(); set({step: step + change}); };
  const again = () => { film.stop(); set({step: 0}); };
  const nudge = (x, y) => (event) => set({start: plus(start, [x, y], event.shiftKey ? 5 : 1)});
  onKeys(el, {ArrowLeft: nudge(-0.1, 0), ArrowRight: nudge(0.1, 0), ArrowUp: nudge(0, 0.1), ArrowDown: nudge(0, -0.1),
    n: go(1), b: go(-1), r: again, " ": film.toggle});
  play.button.addEventListener("click", film.toggle);
  alphaSlider.addEventListener("input", () => set({alpha: +alphaSlider.value}));
  betaSlider.addEventListener("input", () => set({beta: +betaSlider.value}));
  choice.addEventListener("change", () => set({first_order: choice.checked}));
  for (const {svg} of [left, right]) {
    const drag = (event) => {
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
      if (event.buttons) set({start: [(at.x / SIDE) * 2 * half - half, half - (at.y / SIDE) * 2 * half]});
    };
    svg.addEventListener("pointerdown", (event) => { svg.setPointerCapture(event.pointerId); svg.focus({preventScroll: true}); drag(event); });
    svg.addEventListener("pointermove", drag);
  }

  el.classList.add("vadkit", "vk-two-step");
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", model.get("alt"));
  el.append(node("style", {}, `.vk-two-step .vk-planes { display: grid; grid-template-columns: 1fr 1fr; gap: 12px; }
    .vk-two-step .vk-plane { cursor: crosshair; margin: 0; } .vk-two-step .vk-status { min-height: 3em; }
    .vk-two-step .vk-legend { display: flex; flex-wrap: wrap; gap: 4px 22px; margin: 6px 0; font-size: 13px; }
    .vk-two-step .vk-losses { border-collapse: collapse; margin: 4px 0; font-variant-numeric: tabular-nums; }
    .vk-two-step .vk-losses caption { text-align: left; font-size: 13px; }
    .vk-two-step .vk-losses :is(td, th) { padding: 1px 14px 1px 0; text-align: left; font-weight: 400; }`),
    node("div", {class: "vk-planes"}, left.figure, right.figure), legend,
    node("div", {class: "vk-bar"}, button(`‹ ${say("Back")}`, go(-1)), button(`${say("Next line")} ›`, go(1)), play.button, button(say("From the start"), again), status),
    node("div", {class: "vk-bar"}, node("label", {}, alphaText, alphaSlider), node("label", {}, betaText, betaSlider),
      node("label", {}, choice, " ", say("MAML moves along the first-order arrow"))), table,
    hint(say("N next line · B back · Space plays · R from the start · click or drag to set the starting point, or press ← → ↑ ↓ (with Shift: faster)")));

  const names = ["start", "alpha", "beta", "first_order", "step"], fromModel = () => Object.fromEntries(names.map((name) => [name, model.get(name)]));
  const fromPython = () => set(fromModel(), false);
  names.forEach((name) => model.on(`change:${name}`, fromPython));
  paint(left, 0);
  set(fromModel(), false);
  return () => { film.stop(); names.forEach((name) => model.off(`change:${name}`, fromPython)); };
}
