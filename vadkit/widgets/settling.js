// Two models settle into a new scene: what came | prediction and error of each, after as many inner steps as the slider says.

function render({model, el}) {
  const say = sayIn(model), [n, H, W] = model.get("shape"), pixels = bytesOf(model, "pictures"), palette = bytesOf(model, "palette");
  const names = model.get("names"), inside = model.get("inside"), outside = model.get("outside"), box = model.get("box");
  const errorMax = model.get("error_max"), trained = model.get("trained_steps"), size = H * W;
  const colourOf = (share) => palette.subarray(3 * Math.min(255, Math.round(255 * share))).subarray(0, 3);
  const heat = tableOf((difference) => colourOf(difference / 255 / errorMax));
  const colours = [COLOUR.normal, COLOUR.alarm], last = n - 1;

  const truth = picture(W, H, say("what came"));
  truth.paint(pixels, 0);
  if (box.length) truth.box(...box);
  const shown = names.map((name) => ({prediction: picture(W, H, name), error: picture(W, H, say("error"))}));
  const pictures = node("div", {class: "vk-grid", style: `--columns: ${1 + 2 * names.length}`}, truth.figure,
    ...shown.flatMap(({prediction, error}) => [prediction.figure, error.figure]));

  const all = [...inside, ...outside].flat();
  const curve = chart({values: outside[0], labels: outside[0].map(() => 0), say, range: [extent(all)[0] - 1, extent(all)[1] + 1], height: 220,
    xLabel: say("inner steps"), unit: say("PSNR (dB)")});
  curve.hideThreshold();
  curve.svg.setAttribute("aria-label", say("PSNR against inner steps; the values are in the text below"));
  names.forEach((name, i) => [[outside[i], "", say("the scene")], [inside[i], "6 4", say("the anomaly")]].forEach(([values, dash, what]) => {
    if (!values.length) return;
    const line = values.map((v, t) => `${t ? "L" : "M"}${curve.X(t).toFixed(1)} ${curve.Y(v).toFixed(1)}`).join("");
    curve.svg.append(svgNode("path", {d: line, fill: "none", stroke: colours[i], "stroke-width": 2.2, "stroke-dasharray": dash}));
    const text = box.length ? `${name}: ${what}` : name, other = (dash ? inside : outside)[1 - i][last];
    const y = curve.Y(values[last]) + (values[last] >= other + (i ? 0 : 1e-9) ? -7 : 17); // the upper line's name above, the lower one's below
    curve.svg.append(svgNode("text", {x: curve.X(last) - 6, y, "text-anchor": "end", fill: i ? "#A34700" : colours[0]}, text));
  }));
  const slider = node("input", {type: "range", min: 0, max: last, step: 1, class: "vk-frame", "aria-label": say("inner steps")});
  curve.alignSlider(slider, 0);
  const play = playButton(say), status = node("output", {class: "vk-status"});

  let step;
  function setStep(to, tellPython = true) {
    step = clamp(to, 0, last);
    const told = names.map((name, i) => {
      const at = (1 + i * n + step) * size;
      shown[i].prediction.paint(pixels, at);
      shown[i].error.paintDifference(pixels, 0, pixels, at, heat);
      if (box.length) shown[i].error.box(...box);
      const parts = [`${outside[i][step].toFixed(1)} dB`];
      if (inside[i].length) parts.push(say("anomaly {value} dB", {value: inside[i][step].toFixed(1)}));
      shown[i].prediction.figcaption.textContent = name;
      return `${name}: ${parts.join(", ")}${step === trained[i] ? ` (${say("as trained")})` : ""}`;
    });
    curve.setFrame(step);
    slider.value = step;
    const text = [`${step} ${say(step === 1 ? "inner step" : "inner steps")}`, ...told].join("  ·  ");
    status.textContent = text;
    slider.setAttribute("aria-valuetext", text);
    if (tellPython) model.set("step", step), model.save_changes();
  }

  const film = player(() => step < last && (setStep(step + 1), true), 2, play.show);
  const start = () => { if (!film.playing && step === last) setStep(0); film.toggle(); };
  const go = (change) => () => { film.stop(); setStep(step + change); };
  onKeys(el, {ArrowLeft: go(-1), ArrowRight: go(1), ArrowDown: go(-1), ArrowUp: go(1), Home: go(-n), End: go(n), " ": start});
  play.button.addEventListener("click", start);
  slider.addEventListener("input", () => { film.stop(); setStep(+slider.value); });
  let dragging = false;
  const drag = (event) => { if (dragging) film.stop(), setStep(curve.point(event).frame); };
  curve.svg.addEventListener("pointerdown", (event) => {
    dragging = true;
    curve.svg.setPointerCapture(event.pointerId);
    drag(event);
    slider.focus({preventScroll: true});
    event.preventDefault();
  });
  curve.svg.addEventListener("pointermove", drag);
  curve.svg.addEventListener("pointerup", () => { dragging = false; });
  pictures.addEventListener("click", () => slider.focus({preventScroll: true}));

  el.classList.add("vadkit", "vk-settling");
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", model.get("alt"));
  el.append(pictures, curve.svg, slider, node("div", {class: "vk-bar"}, play.button, status),
    hint(say("← → one inner step · Home End · Space plays")));
  const fromPython = () => { if (model.get("step") !== step) setStep(model.get("step"), false); };
  model.on("change:step", fromPython);
  setStep(model.get("step"), false);
  return () => { film.stop(); model.off("change:step", fromPython); };
}
