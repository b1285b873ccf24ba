// The ROC curve and the two histograms behind it: one threshold moves through both.

function render({model, el}) {
  const say = sayIn(model), scores = model.get("scores"), labels = model.get("labels");
  const [low, high] = extent(scores), BINS = 40, step = roundStep((high - low) / 200) || 1;
  const slider = node("input", {type: "range", min: low - step, max: high + step, step, class: "vk-threshold vk-wide", "aria-label": say("threshold")});
  const status = node("output", {class: "vk-status"}), percent = (share) => `${(100 * share).toFixed(0)} %`;
  const total = {abnormal: labels.filter(Boolean).length, normal: labels.filter((l) => !l).length};

  // left: ROC
  const side = 300, edge = 44, plot = side - edge - 12, roc = svgNode("svg", {viewBox: `0 0 ${side} ${side}`, class: "vk-chart", role: "img",
    "aria-label": say("ROC curve, area under it {auc}", {auc: model.get("auc").toFixed(3)})});
  const X = (share) => edge + share * plot, Y = (share) => 12 + (1 - share) * plot;
  for (const v of [0, 0.5, 1]) {
    roc.append(svgNode("line", {x1: X(0), x2: X(1), y1: Y(v), y2: Y(v), stroke: "#E4E4E4"}), svgNode("line", {x1: X(v), x2: X(v), y1: Y(0), y2: Y(1), stroke: "#E4E4E4"}));
    roc.append(svgNode("text", {x: X(v), y: Y(0) + 15, "text-anchor": "middle"}, String(v)), svgNode("text", {x: X(0) - 6, y: Y(v) + 4, "text-anchor": "end"}, String(v)));
  }
  roc.append(svgNode("line", {x1: X(0), y1: Y(0), x2: X(1), y2: Y(1), stroke: "#888", "stroke-dasharray": "2 4"}));
  const trueRates = model.get("true_rates"), corners = model.get("false_rates").map((x, i) => `${X(x)},${Y(trueRates[i])}`);
  roc.append(svgNode("polyline", {points: corners.join(" "), fill: "none", stroke: COLOUR.normal, "stroke-width": 2.5}));
  roc.append(svgNode("text", {x: X(0.98), y: Y(0.06), "text-anchor": "end"}, `AUC ${model.get("auc").toFixed(3)}`));
  roc.append(svgNode("text", {x: X(0.5), y: side - 4, "text-anchor": "middle"}, say("false alarm rate")));
  roc.append(svgNode("text", {transform: `translate(13 ${Y(0.5)}) rotate(-90)`, "text-anchor": "middle"}, say("share of abnormal frames caught")));
  const here = roc.appendChild(svgNode("circle", {r: 7, fill: COLOUR.alarm, stroke: "#000"}));

  // right: histograms
  const width = 560, bars = svgNode("svg", {viewBox: `0 0 ${width} ${side}`, class: "vk-chart", role: "img",
    "aria-label": say("Histograms of the scores of normal and abnormal frames")});
  const at = (v) => 12 + ((v - low) / (high - low || 1)) * (width - 24), floor = side - 40, counts = {0: Array(BINS).fill(0), 1: Array(BINS).fill(0)};
  scores.forEach((v, t) => counts[labels[t]][Math.min(BINS - 1, Math.floor(((v - low) / (high - low || 1)) * BINS))]++);
  const share = {0: counts[0].map((n) => n / total.normal), 1: counts[1].map((n) => n / total.abnormal)};
  const tallest = Math.max(...share[0], ...share[1]), barWidth = (width - 24) / BINS;
  [[0, COLOUR.normal, say("normal"), 14], [1, COLOUR.box, say("abnormal"), 32]].forEach(([label, fill, name, y]) => {
    share[label].forEach((s, i) => {
      const height = (s / tallest) * (floor - 50);
      bars.append(svgNode("rect", {x: 12 + i * barWidth + label * 0.5 * barWidth, y: floor - height, width: barWidth * 0.5, height, fill, stroke: label ? "#7A4B00" : "none", "stroke-width": 0.6}));
    });
    bars.append(svgNode("rect", {x: 16, y: y - 9, width: 12, height: 12, fill}), svgNode("text", {x: 34, y: y + 1}, name));
  });
  for (const v of ticks(low, high, 6)) bars.append(svgNode("text", {x: at(v), y: floor + 16, "text-anchor": "middle"}, String(+v.toFixed(3))));
  bars.append(svgNode("text", {x: width / 2, y: side - 4, "text-anchor": "middle"}, model.get("score_name")));
  const limit = bars.appendChild(svgNode("line", {y1: 36, y2: floor, stroke: COLOUR.alarm, "stroke-width": 2.5, "stroke-dasharray": "7 4"}));
  const limitText = bars.appendChild(svgNode("text", {y: 30, "text-anchor": "middle", fill: "#A34700"}, say("alarm →")));

  let threshold;
  function setThreshold(v, tellPython = true) {
    threshold = clamp(v, low - step, high + step);
    const alarms = {0: 0, 1: 0};
    scores.forEach((s, t) => { if (s > threshold) alarms[labels[t]]++; });
    here.setAttribute("cx", X(alarms[0] / total.normal)), here.setAttribute("cy", Y(alarms[1] / total.abnormal));
    limit.setAttribute("x1", at(threshold)), limit.setAttribute("x2", at(threshold)), limitText.setAttribute("x", clamp(at(threshold), 30, width - 30));
    status.textContent = say("Alarm above {threshold}: {right} of {abnormal} abnormal frames caught ({rate}), {wrong} of {normal} normal frames raise a false alarm ({falseRate}).",
      {threshold: threshold.toPrecision(4), right: alarms[1], abnormal: total.abnormal, rate: percent(alarms[1] / total.abnormal), wrong: alarms[0], normal: total.normal, falseRate: percent(alarms[0] / total.normal)})
      + " " + (alarms[0] + alarms[1] ? say("Of all alarms, {precision} are right.", {precision: percent(alarms[1] / (alarms[0] + alarms[1]))}) : say("No alarm at all."));
    slider.value = threshold;
    slider.setAttribute("aria-valuetext", status.textContent);
    if (tellPython) model.set("threshold", threshold), model.save_changes();
  }
  onKeys(el, {}); // the slider is the one thing to focus, and moves by itself
  slider.addEventListener("input", () => setThreshold(+slider.value));
  const drag = (event) => {
    if (!event.buttons) return;
    const x = new DOMPoint(event.clientX, event.clientY).matrixTransform(bars.getScreenCTM().inverse()).x;
    setThreshold(low + ((x - 12) / (width - 24)) * (high - low));
  };
  bars.addEventListener("pointerdown", (event) => { bars.setPointerCapture(event.pointerId); drag(event); });
  bars.addEventListener("pointermove", drag);

  el.classList.add("vadkit", "vk-operating-point");
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", model.get("alt"));
  el.append(node("div", {class: "vk-pair"}, roc, node("div", {}, bars, slider)), status, hint(say("← → move the threshold · Page Up / Down faster · Home: every frame an alarm, End: none")));
  const fromPython = () => { if (model.get("threshold") !== threshold) setThreshold(model.get("threshold"), false); };
  model.on("change:threshold", fromPython);
  setThreshold(model.get("threshold"), false);
  return () => model.off("change:threshold", fromPython);
}
