// x1..x4 | ground truth | prediction | error, with the PSNR curve and a threshold. All pixels are already here.

function render({model, el}) {
  const say = sayIn(model), [T, H, W] = model.get("shape"), first = model.get("n_inputs");
  const frames = bytesOf(model, "frames"), predictions = bytesOf(model, "predictions"), palette = bytesOf(model, "palette");
  const psnr = model.get("psnr"), labels = model.get("labels"), kinds = model.get("kinds"), errorMax = model.get("error_max");
  const colourOf = (share) => palette.subarray(3 * Math.min(255, Math.round(255 * share))).subarray(0, 3);
  const heat = tableOf((difference) => colourOf(difference / 255 / errorMax)), size = H * W;

  const inputs = Array.from({length: first}, (_, i) => picture(W, H, `x${i + 1}`));
  const truth = picture(W, H, say("ground truth")), prediction = picture(W, H, say("prediction")), error = picture(W, H, say("error"));
  const scale = picture(8, 256, say("error scale"), "vk-scale");
  scale.paint(Uint8Array.from({length: 2048}, (_, i) => 255 - (i >> 3)), 0, tableOf((i) => colourOf(i / 255)));
  scale.figcaption.remove();
  scale.figure.append(node("span", {class: "vk-scale-max"}, String(errorMax)), node("span", {class: "vk-scale-min"}, "0"));
  const pictures = node("div", {class: "vk-pictures"},
    node("div", {class: "vk-inputs", style: `--n: ${first}`}, ...inputs.map((p) => p.figure)),
    node("div", {class: "vk-results"}, truth.figure, prediction.figure, error.figure, scale.figure));

  const curve = chart({values: psnr, labels, say, unit: say(model.get("unit"))});
  curve.svg.setAttribute("aria-label", say("PSNR along the clip; the values are in the text below"));
  curve.drawCurve();
  const step = roundStep((curve.high - curve.low) / 100);
  const frameSlider = node("input", {type: "range", min: first, max: T - 1, step: 1, class: "vk-frame", "aria-label": say("frame")});
  const limitSlider = node("input", {type: "range", min: curve.low, max: curve.high, step: "any", class: "vk-threshold",
    "aria-label": say("threshold in dB")});
  curve.alignSlider(frameSlider, first);
  const play = playButton(say), status = node("output", {class: "vk-status"}), tally = node("output", {class: "vk-tally"});

  let frame, threshold;
  function setFrame(t, tellPython = true) {
    frame = clamp(t, first, T - 1);
    const at = frame * size, predictedAt = (frame - first) * size;
    inputs.forEach((p, i) => p.paint(frames, (frame - first + i) * size));
    truth.paint(frames, at);
    prediction.paint(predictions, predictedAt);
    error.paintDifference(frames, at, predictions, predictedAt, heat);
    curve.setFrame(frame);
    frameSlider.value = frame;
    describe();
    if (tellPython) model.set("frame", frame), model.save_changes();
  }
  function setThreshold(v, tellPython = true) {
    threshold = clamp(v, curve.low, curve.high);
    curve.setThreshold(threshold);
    limitSlider.value = threshold;
    limitSlider.setAttribute("aria-valuetext", `${threshold.toFixed(1)} dB`);
    const alarm = psnr.map((p) => p !== null && p < threshold), count = (keep) => alarm.filter((on, t) => on && keep(t)).length;
    tally.textContent = labels.length
      ? say("Below {threshold} dB: {right} of {abnormal} abnormal frames caught, {wrong} false alarms.", {threshold: threshold.toFixed(1),
          right: count((t) => labels[t]), abnormal: labels.filter((l, t) => l && psnr[t] !== null).length, wrong: count((t) => !labels[t])})
      : say("Below {threshold} dB: {n} alarms.", {threshold: threshold.toFixed(1), n: count(() => true)});
    if (frame !== undefined) describe();
    if (tellPython) model.set("threshold", threshold), model.save_changes();
  }
  function describe() {
    const alarm = psnr[frame] < threshold;
    const parts = [`${say("frame")} ${frame} / ${T - 1}`, `PSNR ${psnr[frame].toFixed(1)} dB`, alarm ? `▼ ${say("ALARM")}` : say("no alarm")];
    if (labels.length) parts.push(`${say("truth")}: ${labels[frame] ? say("abnormal") + (kinds[frame] ? ` (${say(kinds[frame])})` : "") : say("normal")}`);
    status.textContent = parts.join("  ·  ");
    status.classList.toggle("vk-alarm", alarm);
    frameSlider.setAttribute("aria-valuetext", parts.join(", "));
  }

  const film = player(() => setFrame(frame >= T - 1 ? first : frame + 1), model.get("fps"), play.show);
  const go = (change) => () => { film.stop(); setFrame(frame + change); };
  onKeys(el, {ArrowLeft: go(-1), ArrowRight: go(1), PageUp: go(-10), PageDown: go(10), Home: go(-T), End: go(T), " ": film.toggle,
    ArrowUp: () => setThreshold(threshold + step), ArrowDown: () => setThreshold(threshold - step)});
  play.button.addEventListener("click", film.toggle);
  frameSlider.addEventListener("input", () => setFrame(+frameSlider.value));
  limitSlider.addEventListener("input", () => setThreshold(+limitSlider.value));
  let dragged = null;
  curve.svg.addEventListener("pointerdown", (event) => {
    dragged = curve.point(event).nearLimit ? "threshold" : "frame";
    curve.svg.setPointerCapture(event.pointerId);
    drag(event);
    (dragged === "frame" ? frameSlider : limitSlider).focus({preventScroll: true});
    event.preventDefault();
  });
  const drag = (event) => {
    if (dragged === "frame") film.stop(), setFrame(curve.point(event).frame);
    if (dragged === "threshold") setThreshold(curve.point(event).value);
  };
  curve.svg.addEventListener("pointermove", drag);
  curve.svg.addEventListener("pointerup", () => { dragged = null; });
  pictures.addEventListener("click", () => frameSlider.focus({preventScroll: true}));

  el.classList.add("vadkit", "vk-scrubber");
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", model.get("alt"));
  el.append(pictures, curve.svg, frameSlider,
    node("div", {class: "vk-bar"}, play.button, status, node("label", {}, say("threshold"), limitSlider)), tally,
    hint(say("← → one frame · Page Up / Down ten · Home End · Space plays · ↑ ↓ move the threshold")));

  const fromPython = () => { if (model.get("frame") !== frame) setFrame(model.get("frame"), false); };
  const limitFromPython = () => { if (model.get("threshold") !== threshold) setThreshold(model.get("threshold"), false); };
  model.on("change:frame", fromPython), model.on("change:threshold", limitFromPython);
  setThreshold(model.get("threshold"), false), setFrame(model.get("frame"), false);
  return () => { film.stop(); model.off("change:frame", fromPython); model.off("change:threshold", limitFromPython); };
}
