// x1..x4 | ground truth | prediction | error, with the PSNR curve and a threshold.
// All pixels are already here, so that a key is answered within one frame of the screen.

function render({model, el}) {
  const say = sayIn(model);
  const {shape: [T], n_inputs: first, fps} = traitsOf(model);
  const panels = windowPanels(traitsOf(model), say);
  const words = scrubberWords(traitsOf(model), say);
  const curve = scrubberCurve(traitsOf(model), say);
  const status = node("output", {class: "vk-status"}), tally = node("output", {class: "vk-tally"});
  const frames = [first, T - 1], limits = [curve.low, curve.high];
  const frameSlider = slider("vk-frame", say("frame"), frames, (t) => frame.set(t));
  alignSlider(frameSlider, curve.X(first), curve.X(T - 1), curve.width);
  const limitName = say("threshold in dB");
  const limitSlider = slider("vk-threshold", limitName, limits, (v) => threshold.set(v), "any");

  const frame = linkedNumber(model, "frame", frames, (t) => {
    panels.show(t);
    curve.setFrame(t);
    frameSlider.value = t;
    describe();
  });
  const threshold = linkedNumber(model, "threshold", limits, (v) => {
    curve.setThreshold(v);
    limitSlider.value = v;
    limitSlider.setAttribute("aria-valuetext", `${v.toFixed(1)} dB`);
    tally.textContent = words.tally(v);
    describe();
  });
  function describe() {
    const parts = words.parts(frame.value, threshold.value);
    status.textContent = parts.join("  ·  ");
    status.classList.toggle("vk-alarm", words.isAlarm(frame.value, threshold.value));
    frameSlider.setAttribute("aria-valuetext", parts.join(", "));
  }

  const film = player(say, fps, () => frame.set(frame.value >= T - 1 ? first : frame.value + 1));
  const go = (change) => film.pausing(() => frame.set(frame.value + change));
  const raise = (change) => () => threshold.set(threshold.value + change);
  const step = roundStep((curve.high - curve.low) / 100);
  film.button.addEventListener("click", film.toggle);
  onKeys(el, {
    ArrowLeft: go(-1), ArrowRight: go(1), PageUp: go(-10), PageDown: go(10), Home: go(-T),
    End: go(T), ArrowUp: raise(step), ArrowDown: raise(-step), " ": film.toggle,
  });
  const dragFrame = {slider: frameSlider, move: film.pausing((point) => frame.set(point.frame))};
  const dragLimit = {slider: limitSlider, move: (point) => threshold.set(point.value)};
  const isNearLimit = (y) => Math.abs(y - curve.Y(threshold.value)) < 9;
  onDrag(curve, (point) => (isNearLimit(point.y) ? dragLimit : dragFrame));
  panels.element.addEventListener("click", () => frameSlider.focus({preventScroll: true}));

  const limit = node("label", {}, say("threshold"), limitSlider);
  fillWidget(el, model, "vk-scrubber", panels.element, curve.svg, frameSlider,
    node("div", {class: "vk-bar"}, film.button, status, limit), tally,
    hint(say("← → one frame · Page Up / Down ten · Home End · Space plays · "
      + "↑ ↓ move the threshold")));
  threshold.show(threshold.value);
  frame.show(frame.value);
  return inTurn(film.stop, frame.stopListening, threshold.stopListening);
}

function windowPanels(traits, say) {
  const {shape: [, H, W], n_inputs: first, frames, predictions} = traits;
  const heat = errorTable(traits);
  const inputs = Array.from({length: first}, (_, i) => picture(W, H, `x${i + 1}`));
  const truth = picture(W, H, say("ground truth"));
  const prediction = picture(W, H, say("prediction"));
  const error = picture(W, H, say("error"));
  const results = [truth.figure, prediction.figure, error.figure, errorScale(traits, say)];
  const columns = {class: "vk-inputs", style: `--n: ${first}`};
  const element = node("div", {class: "vk-pictures"},
    node("div", columns, ...inputs.map((p) => p.figure)),
    node("div", {class: "vk-results"}, ...results));
  const show = (frame) => {
    const size = H * W;
    const at = frame * size;
    const windowAt = (frame - first) * size; // of its first input, and of its prediction
    inputs.forEach((p, i) => p.paint(frames, windowAt + i * size));
    truth.paint(frames, at);
    prediction.paint(predictions, windowAt);
    error.paintDifference(frames, at, predictions, windowAt, heat);
  };
  return {element, show};
}

function errorScale({palette, error_max: errorMax}, say) {
  const scale = picture(8, 256, say("error scale"), "vk-scale");
  const falling = Uint8Array.from({length: 8 * 256}, (_, i) => 255 - (i >> 3));
  scale.paint(falling, 0, colourTable((i) => paletteColour(palette, i / 255)));
  scale.figcaption.remove();
  const largest = node("span", {class: "vk-scale-max"}, String(errorMax));
  scale.figure.append(largest, node("span", {class: "vk-scale-min"}, "0"));
  return scale.figure;
}

function scrubberCurve({psnr, labels, unit}, say) {
  const curve = chart({values: psnr, labels, say, unit: say(unit)});
  const name = say("PSNR along the clip; the values are in the text below");
  curve.svg.setAttribute("aria-label", name);
  curve.plotCurve();
  return curve;
}

// What the status line and the tally say.
function scrubberWords({psnr, labels, kinds}, say) {
  const isAlarm = (t, threshold) => psnr[t] !== null && psnr[t] < threshold;
  const kind = (t) => (kinds[t] ? ` (${say(kinds[t])})` : "");
  const truth = (t) => (labels[t] ? say("abnormal") + kind(t) : say("normal"));
  const parts = (t, threshold) => [
    `${say("frame")} ${t} / ${psnr.length - 1}`,
    `PSNR ${psnr[t].toFixed(1)} dB`,
    isAlarm(t, threshold) ? `▼ ${say("ALARM")}` : say("no alarm"),
    ...(labels.length ? [`${say("truth")}: ${truth(t)}`] : []),
  ];
  function tally(limit) {
    const threshold = limit.toFixed(1);
    const alarms = [...psnr.keys()].filter((t) => isAlarm(t, limit));
    const n = alarms.length;
    if (!labels.length) return say("Below {threshold} dB: {n} alarms.", {threshold, n});
    const abnormal = labels.filter((label, t) => label && psnr[t] !== null).length;
    const right = alarms.filter((t) => labels[t]).length;
    const counts = {threshold, right, abnormal, wrong: n - right};
    return say("Below {threshold} dB: {right} of {abnormal} abnormal frames caught, "
      + "{wrong} false alarms.", counts);
  }
  return {isAlarm, parts, tally};
}
