// x1..x4 → ? | truth and prediction with a divider | error, above the PSNR curve and a threshold.
// All pixels are already here, so that a key is answered within one frame of the screen.

function render({model, el}) {
  const say = sayIn(model);
  const {shape: [T], n_inputs: first, guess: mayGuess} = traitsOf(model);
  const plot = fitted((width) => scrubberCurve(traitsOf(model), width, say), () => showAll());
  const {low, high} = plot.now;
  const panels = windowPanels(traitsOf(model), say);
  const words = scrubberWords(traitsOf(model), say);
  const frameSlider = slider("vk-frame", say("frame"), [first, T - 1], (t) => frame.set(t));
  const limitSlider = slider("vk-threshold", say("threshold in dB"), [low, high],
    (v) => threshold.set(v), "any");

  const frame = linkedNumber(model, "frame", [first, T - 1], (t) => {
    panels.show(t);
    plot.now.setFrame(t);
    frameSlider.value = t;
    describe();
  });
  const threshold = linkedNumber(model, "threshold", [low, high], (v) => {
    plot.now.setThreshold(v);
    limitSlider.value = v;
    limitSlider.setAttribute("aria-valuetext", `${v.toFixed(1)} dB`);
    describe();
  });
  const guessed = linkedNumber(model, "guessed", [-1, T - 1], (t) => {
    el.classList.toggle("vk-guessing", isGuessing());
    plot.now.setGuess(t);
    describe();
  });
  const isGuessing = () => mayGuess && guessed.value < 0;
  const describe = () => {
    words.show(frame.value, threshold.value, guessed.value, isGuessing());
    frameSlider.setAttribute("aria-valuetext", words.spoken());
  };
  const showAll = () => {
    const {X, width} = plot.now;
    alignSlider(frameSlider, X(first), X(T - 1), width);
    [threshold, guessed, frame].forEach((number) => number.show(number.value));
  };

  const controls = scrubberControls({el, plot, panels, frame, threshold, guessed, isGuessing, say},
    {frameSlider, limitSlider}, traitsOf(model));
  panels.side.append(words.status, words.tally, controls.bar);
  fillWidget(el, model, "vk-scrubber",
    node("div", {class: "vk-pictures"}, panels.side, panels.results), plot.svg, frameSlider,
    hint(say("← → one frame · Page Up / Down ten · Home End · Space plays · "
      + "↑ ↓ move the threshold · B truth or prediction")));
  showAll();
  return inTurn(controls.stop, ...[frame, threshold, guessed].map((n) => n.stopListening));
}

// What the reader's hands do: the film, keys, dragging, and the guess, which is taken once.
function scrubberControls(scrubber, {frameSlider, limitSlider}, traits) {
  const {shape: [T], n_inputs: first, fps} = traits;
  const {el, plot, panels, frame, threshold, guessed, isGuessing, say} = scrubber;
  const film = player(say, fps, () => frame.set(frame.value >= T - 1 ? first : frame.value + 1));
  const go = (change) => film.pausing(() => frame.set(frame.value + change));
  const step = roundStep((plot.now.high - plot.now.low) / 100);
  const raise = (change) => () => threshold.set(threshold.value + change);
  const guess = film.pausing(() => {
    if (!isGuessing()) return;
    plot.now.svg.classList.add("vk-drawing");
    guessed.set(frame.value);
  });
  onKeys(el, {
    ArrowLeft: go(-1), ArrowRight: go(1), PageUp: go(-10), PageDown: go(10), Home: go(-T),
    End: go(T), ArrowUp: raise(step), ArrowDown: raise(-step), " ": film.toggle, Enter: guess,
    b: (event) => event.repeat || panels.blink(), // one press, one change: it never flickers
  });
  film.button.addEventListener("click", film.toggle);
  const dragFrame = {slider: frameSlider, move: film.pausing((point) => frame.set(point.frame))};
  const dragLimit = {slider: limitSlider, move: (point) => threshold.set(point.value)};
  onDrag(plot, (point) => (point.onHandle ? dragLimit : dragFrame));
  plot.svg.prepend(limitSlider);
  plot.svg.addEventListener("lostpointercapture", guess);
  const toFrames = () => frameSlider.focus({preventScroll: true}); // from pictures, by mouse
  for (const place of [panels.strip, panels.results]) place.addEventListener("pointerup", toFrames);
  const blink = button(say("Truth or prediction (B)"), panels.blink);
  const here = button(say("It dips here (Enter)"), guess, {class: "vk-here"});
  return {bar: node("div", {class: "vk-bar"}, film.button, blink, here), stop: film.stop};
}

function windowPanels(traits, say) {
  const {shape: [, H, W], n_inputs: first, frames, predictions} = traits;
  const heat = errorTable(traits);
  const inputs = Array.from({length: first}, (_, i) => picture(W, H, `x${i + 1}`));
  const both = wipePicture(W, H, say);
  const error = picture(W, H, say("error: |truth − prediction|"));
  const unknown = node("figure", {class: "vk-unknown"},
    node("b", {}, "?"), node("figcaption", {}, `x${first + 1}`));
  const strip = node("div", {class: "vk-inputs"},
    node("div", {class: "vk-film"}, ...inputs.map((p) => p.figure)),
    node("span", {class: "vk-arrow", "aria-hidden": "true"}, "→"), unknown);
  const show = (frame) => {
    const size = H * W;
    const at = frame * size;
    const windowAt = (frame - first) * size; // of its first input, and of its prediction
    inputs.forEach((p, i) => p.paint(frames, windowAt + i * size));
    both.truth.paint(frames, at);
    both.prediction.paint(predictions, windowAt);
    error.paintDifference(frames, at, predictions, windowAt, heat);
  };
  const scale = errorScale(traits, say);
  const style = `--aspect: ${W / H}`;
  const results = node("div", {class: "vk-results", style}, both.figure, error.figure, scale);
  const side = node("div", {class: "vk-side", style}, strip);
  return {side, strip, results, show, blink: both.blink};
}

// Truth and prediction in one place. The divider between them is a slider as large as the picture.
function wipePicture(W, H, say) {
  const truth = picture(W, H, say("ground truth")), prediction = picture(W, H, say("prediction"));
  truth.canvas.classList.add("vk-truth");
  const name = say("divider: the truth to its left, the prediction to its right");
  const divider = slider("vk-wipe", name, [0, 100], show);
  const stack = node("div", {class: "vk-stack"}, prediction.canvas, truth.canvas, node("i"),
    divider);
  function show(share) {
    divider.value = share;
    stack.style.setProperty("--wipe", `${share}%`);
    names[0].style.visibility = share > 0 ? "" : "hidden";
    names[1].style.visibility = share < 100 ? "" : "hidden";
    divider.setAttribute("aria-valuetext", say("{share} % truth", {share}));
  }
  const names = [truth, prediction].map((p) => node("span", {}, p.figcaption.textContent));
  show(50);
  const figure = node("figure", {}, stack, node("figcaption", {class: "vk-sides"}, ...names));
  const blink = () => show(divider.value < 50 ? 100 : 0);
  return {figure, truth, prediction, blink};
}

const THUMB = 44; // height of the small frames above the curve

function scrubberCurve(traits, width, say) {
  const {psnr, labels, unit, n_inputs: first} = traits;
  const size = {width, height: 192 + THUMB, top: 26 + THUMB};
  const curve = chart({values: psnr, labels, say, unit: say(unit), handle: true, ...size});
  const {svg, X, left, right, top, bottom} = curve;
  svg.setAttribute("aria-label", say("PSNR along the clip; the values are in the text above"));
  frameRow(curve, traits);
  curve.plotCurve();
  const ask = {class: "vk-ask"}, middle = (left + right) / 2;
  const question = say("Where will the curve dip? Click there.");
  svg.append(svgText(middle, (top + bottom) / 2, question, "middle", ask));
  const mark = svg.appendChild(svgNode("g"));
  function setGuess(t) {
    const [x, y] = [X(Math.max(t, first)), bottom + 11];
    const line = {stroke: COLOUR.ink, "stroke-width": 2, "stroke-dasharray": "2 4"};
    const ring = {r: 9, cx: x, cy: y, fill: COLOUR.paper, stroke: COLOUR.ink};
    const parts = [svgLine(x, top, x, y, line), svgNode("circle", ring), svgText(x, y + 5, "?")];
    mark.replaceChildren(...(t < 0 ? [] : parts));
  }
  return {...curve, setGuess};
}

// Small frames above the places in the curve that they belong to.
function frameRow({svg, X, T, left, right}, {shape: [, H, W], n_inputs: first, frames}) {
  const width = (THUMB * W) / H;
  const n = Math.max(2, Math.floor((right - left) / (width + 50)));
  for (let i = 0; i < n; i++) {
    const t = Math.round(first + (i * (T - 1 - first)) / (n - 1));
    const href = thumbnail(W, H, frames, t * H * W).toDataURL();
    svg.append(svgNode("image", {href, x: X(t) - width / 2, y: 3, width, height: THUMB}));
    svg.append(svgLine(X(t), THUMB + 3, X(t), THUMB + 7, {stroke: COLOUR.soft}));
  }
}

// The status and the tally; before the guess neither gives the curve away.
function scrubberWords({psnr, labels, kinds}, say) {
  const status = node("output", {class: "vk-status"}), tally = node("output", {class: "vk-tally"});
  const isAlarm = (t, threshold) => psnr[t] !== null && psnr[t] < threshold;
  const kind = (t) => (kinds[t] ? ` (${say(kinds[t])})` : "");
  const truth = (t) => (labels[t] ? say("abnormal") + kind(t) : say("normal"));
  const position = (t) => `${say("frame")} ${t} / ${psnr.length - 1}`;
  const parts = (t, threshold) => [
    position(t),
    `PSNR ${psnr[t].toFixed(1)} dB`,
    isAlarm(t, threshold) ? `▼ ${say("ALARM")}` : say("no alarm"),
    ...(labels.length ? [`${say("truth")}: ${truth(t)}`] : []),
  ];
  let lines = [];
  function show(t, threshold, guess, isGuessing) {
    lines = isGuessing ? [position(t)] : parts(t, threshold);
    status.replaceChildren(...lines.map((line) => node("span", {}, line)));
    status.classList.toggle("vk-alarm", !isGuessing && isAlarm(t, threshold));
    const alarms = [...psnr.keys()].filter((frame) => isAlarm(frame, threshold));
    const text = isGuessing
      ? say("Look through the clip first, if you like. Then click, or press Enter at the cursor.")
      : guessInWords(guess, psnr, say) + tallyInWords(alarms, threshold, {psnr, labels}, say);
    if (tally.textContent !== text) tally.textContent = text;
  }
  return {status, tally, show, spoken: () => lines.join(", ")};
}

function tallyInWords(alarms, limit, {psnr, labels}, say) {
  const threshold = limit.toFixed(1), n = alarms.length;
  if (!labels.length) return say("Below {threshold} dB: {n} alarms.", {threshold, n});
  const abnormal = labels.filter((label, t) => label && psnr[t] !== null).length;
  const right = alarms.filter((t) => labels[t]).length;
  const counts = {threshold, right, abnormal, wrong: n - right};
  return say("Below {threshold} dB: {right} of {abnormal} abnormal frames caught, "
    + "{wrong} false alarms.", counts);
}

function guessInWords(guess, psnr, say) {
  if (guess < 0) return "";
  const lowest = psnr.indexOf(extent(psnr)[0]), n = Math.abs(guess - lowest);
  const values = {guess, lowest, n};
  const early = say("You guessed frame {guess}. The curve is lowest at {lowest}: {n} too early.",
    values);
  const late = say("You guessed frame {guess}. The curve is lowest at {lowest}: {n} too late.",
    values);
  const right = say("You guessed frame {guess}. There the curve is lowest.", values);
  return `${guess < lowest ? early : guess > lowest ? late : right}\n`;
}
