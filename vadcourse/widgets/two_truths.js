// One clip, two guards: what came on top, and below, side by side, what each guard makes of the
// same frame. One slider moves both.

function render({model, el}) {
  const say = sayIn(model);
  const {shape: [T, H, W], n_inputs: first, fps, names, frames} = traitsOf(model);
  const came = picture(W, H, say("what came, to both"), "vk-came");
  const guards = names.map((_, i) => guardPanel(traitsOf(model), i, say));
  const status = node("output", {class: "vk-status"});
  const frameSlider = slider("vk-frame", say("frame"), [first, T - 1], (t) => setFrame(t));

  const frame = linkedNumber(model, "frame", [first, T - 1], (t) => {
    came.paint(frames, t * H * W);
    guards.forEach((guard) => guard.show(t));
    const words = guards.map((guard) => guard.word(t));
    const parts = [`${say("frame")} ${t} / ${T - 1}`, inShort(words, say)];
    status.textContent = parts.join("  ·  ");
    frameSlider.value = t;
    const spoken = names.map((name, i) => `${name}: ${words[i]}`);
    frameSlider.setAttribute("aria-valuetext", [parts[0], ...spoken].join(", "));
  });
  const film = player(say, fps, () => frame.set(frame.value >= T - 1 ? first : frame.value + 1));
  const setFrame = film.pausing(frame.set);
  const go = (change) => () => setFrame(frame.value + change);
  film.button.addEventListener("click", film.toggle);
  onKeys(el, {
    ArrowLeft: go(-1), ArrowDown: go(-1), ArrowRight: go(1), ArrowUp: go(1), PageUp: go(-10),
    PageDown: go(10), Home: go(-T), End: go(T), " ": film.toggle,
  });
  const dragged = {slider: frameSlider, move: (point) => setFrame(point.frame)};
  guards.forEach(({plot}) => onDrag(plot, () => dragged));

  const controls = node("div", {class: "vk-controls"}, frameSlider,
    node("div", {class: "vk-bar"}, film.button, status),
    hint(say("← → one frame · Page Up / Down ten · Home End · Space plays")));
  fillWidget(el, model, "vk-two-truths", node("div", {class: "vk-top"}, came.figure, controls),
    node("div", {class: "vk-guards"}, ...guards.map((guard) => guard.element)));
  frame.show(frame.value);
  return inTurn(film.stop, frame.stopListening);
}

function inShort([one, other], say) {
  if (one !== other) return say("The same frame: an alarm for one, nothing for the other.");
  return one === say("ALARM") ? say("Both give an alarm.") : say("Both are quiet.");
}

// Prediction, error and curve of a guard, and its verdict in a large word.
function guardPanel(traits, i, say) {
  const {shape: [T, H, W], n_inputs: first, frames, predictions, names, psnr, thresholds} = traits;
  const limit = thresholds[i];
  const prediction = picture(W, H, say("prediction")), error = picture(W, H, say("error"));
  const heat = errorTable(traits);
  let shown = first;
  const plot = fitted((width) => guardCurve(traits, i, width, say), () => plot.now.setFrame(shown));
  const verdict = node("p", {class: "vk-verdict"}), reason = node("p", {class: "vk-reason"});
  const pictures = node("div", {class: "vk-two"}, prediction.figure, error.figure,
    errorScale(traits, say));
  const element = node("section", {"aria-label": names[i]}, node("h4", {}, names[i]), pictures,
    plot.svg, verdict, reason);
  const isAlarm = (t) => psnr[i][t] < limit;
  const word = (t) => (isAlarm(t) ? say("ALARM") : say("quiet"));
  function show(t) {
    shown = t;
    const at = (i * (T - first) + t - first) * H * W;
    prediction.paint(predictions, at);
    error.paintDifference(frames, t * H * W, predictions, at, heat);
    plot.now.setFrame(t);
    verdict.textContent = `${isAlarm(t) ? "▼" : "○"} ${word(t)}`;
    element.classList.toggle("vk-rings", isAlarm(t));
    const values = {psnr: psnr[i][t].toFixed(1), limit: limit.toFixed(1)};
    const sign = isAlarm(t) ? say("{psnr} dB, below {limit}", values)
      : say("{psnr} dB, not below {limit}", values);
    reason.replaceChildren(sign, ...truthInWords(traits.labels[i][t], isAlarm(t), say));
  }
  return {element, plot, word, show};
}

// What is true where this guard stands, and whether it is right; nothing where nobody knows.
function truthInWords(label, isAlarm, say) {
  if (label === undefined) return [];
  const truth = label ? say("abnormal here") : say("normal here");
  const wrong = isAlarm ? say("false alarm") : say("missed");
  const judged = Boolean(label) === isAlarm ? `✓ ${say("correct")}` : `✗ ${wrong}`;
  return [" · ", node("b", {class: label ? "vk-abnormal" : "vk-normal"}, truth), ` · ${judged}`];
}

function guardCurve({psnr, labels, thresholds, names}, i, width, say) {
  const range = extent([...psnr.flat(), ...thresholds]); // one for both: to be compared
  const size = {width, height: 150};
  const curve = chart({values: psnr[i], labels: labels[i], say, range, ...size});
  const label = say("PSNR of {name}; the values are in the text below", {name: names[i]});
  curve.svg.setAttribute("aria-label", label);
  curve.plotCurve();
  curve.setThreshold(thresholds[i]);
  return curve;
}
