// Two models settle into a new scene: what came | prediction and error of each, after as many
// inner steps as the slider says.

function render({model, el}) {
  const say = sayIn(model);
  const {shape: [n], names} = traitsOf(model);
  const last = n - 1;
  const panels = modelPanels(traitsOf(model), say);
  const plot = fitted((width) => stepsChart(traitsOf(model), width, say), () => showAll());
  const stepSlider = slider("vk-frame", say("inner steps"), [0, last], (to) => setStep(to));
  const status = node("output", {class: "vk-status"});

  const step = linkedNumber(model, "step", [0, last], (s) => {
    panels.show(s);
    plot.now.setFrame(s);
    stepSlider.value = s;
    const done = s === 1 ? say("1 inner step") : say("{n} inner steps", {n: s});
    const results = names.map((_, i) => resultInWords(traitsOf(model), i, s, say));
    const text = [done, ...results].join("  ·  ");
    status.textContent = text;
    stepSlider.setAttribute("aria-valuetext", text);
  });
  const showAll = () => {
    alignSlider(stepSlider, plot.now.X(0), plot.now.X(last), plot.now.width);
    step.show(step.value);
  };
  const advance = () => {
    const isOver = step.value === last;
    if (!isOver) step.set(step.value + 1);
    return !isOver;
  };
  const film = player(say, 2, advance);
  const setStep = film.pausing(step.set);
  const go = (change) => () => setStep(step.value + change);
  const play = () => {
    if (!film.isPlaying() && step.value === last) step.set(0);
    film.toggle();
  };
  onKeys(el, {
    ArrowLeft: go(-1), ArrowDown: go(-1), ArrowRight: go(1), ArrowUp: go(1),
    Home: go(-n), End: go(n), " ": play,
  });
  film.button.addEventListener("click", play);
  onDrag(plot, () => ({slider: stepSlider, move: (point) => setStep(point.frame)}));
  panels.element.addEventListener("click", () => stepSlider.focus({preventScroll: true}));

  fillWidget(el, model, "vk-settling", panels.element, panels.note, plot.svg, stepSlider,
    node("div", {class: "vk-bar"}, film.button, status),
    hint(say("← → one inner step · Home End · Space plays")));
  showAll();
  return inTurn(film.stop, step.stopListening);
}

function modelPanels(traits, say) {
  const {shape: [n, H, W], pictures, names, box} = traits;
  const heat = errorTable(traits);
  const truth = picture(W, H, say("what came"));
  truth.paint(pictures);
  if (box.length) truth.box(...box);
  const pairs = names.map((name) =>
    [picture(W, H, name), picture(W, H, say("error of {name}", {name}))]);
  const figures = [truth, ...pairs.flat()].map((p) => p.figure);
  for (const [, error] of pairs) error.figcaption.textContent = say("error");
  const note = node("p", {class: "vk-hint vk-note"}, noteBeforeTheFirst(names, say));
  const show = (step) => {
    note.style.visibility = step ? "hidden" : ""; // its place stays, or all below would jump
    pairs.forEach(([prediction, error], i) => {
      const at = (1 + i * n + step) * H * W;
      prediction.paint(pictures, at);
      error.paintDifference(pictures, 0, pictures, at, heat);
      if (box.length) error.box(...box);
    });
  };
  const style = `--pictures: ${figures.length}`;
  const element = node("div", {class: "vk-models", style}, ...figures, errorScale(traits, say));
  return {element, note, show};
}

// What looks like a fault of the picture is one of the drawing: nobody trained it.
function noteBeforeTheFirst(names, say) {
  const name = names.find((each) => each.toLowerCase().includes("maml"));
  return name ? say("{name} was trained for what it draws after its steps. What it draws before "
    + "them, light ghosts and a grain like a chessboard, is its own.", {name}) : "";
}

// PSNR against inner steps: two lines a model, of the scene (solid) and of the anomaly (dashed).
function stepsChart({names, inside, outside, box}, width, say) {
  const [least, most] = extent([...inside, ...outside].flat());
  const titles = {xLabel: say("inner steps"), unit: say("PSNR (dB)")};
  const flat = {values: outside[0], labels: outside[0].map(() => 0)};
  const range = [least - 1, most + 1];
  const curve = chart({...flat, say, range, width, height: 220, limit: false, ...titles});
  const label = say("PSNR against inner steps; the values are in the text below");
  curve.svg.setAttribute("aria-label", label);
  names.forEach((name, i) => {
    const scene = box.length ? `${name}: ${say("the scene")}` : name;
    plotLine(curve, outside, i, scene, "");
    if (inside[i].length) plotLine(curve, inside, i, `${name}: ${say("the anomaly")}`, "6 4");
  });
  const dots = names.map((_, i) => svgNode("circle", {r: 4.5, fill: LINES[i]}));
  curve.svg.append(...dots);
  function setFrame(t) {
    curve.setFrame(t);
    dots.forEach((dot, i) => setAttributes(dot, {cx: curve.X(t), cy: curve.Y(outside[i][t])}));
  }
  return {...curve, setFrame};
}

const LINES = [COLOUR.prediction, COLOUR.maml];

function plotLine({svg, X, Y}, lines, i, name, dash) {
  const values = lines[i];
  const stroke = LINES[i];
  const style = {fill: "none", stroke, "stroke-width": 2.2, "stroke-dasharray": dash};
  svg.append(svgNode("path", {d: linePath(values, X, Y), ...style}));
  const last = values.length - 1;
  // The upper line has its name above it, the lower one below, so that the names do not meet.
  const isUpper = values[last] >= lines[1 - i][last] + (i ? 0 : 1e-9);
  const y = Y(values[last]) + (isUpper ? -7 : 17);
  const fill = [COLOUR.prediction, COLOUR.mamlText][i];
  svg.append(svgText(X(last) - 6, y, name, "end", {fill}));
}

function resultInWords({names, inside, outside, trained_steps: trained}, i, step, say) {
  const parts = [`${outside[i][step].toFixed(1)} dB`];
  const value = inside[i][step]?.toFixed(1);
  if (value) parts.push(say("anomaly {value} dB", {value}));
  const note = step === trained[i] ? ` (${say("as trained")})` : "";
  return `${names[i]}: ${parts.join(", ")}${note}`;
}
