// The ROC curve and the two histograms behind it: one threshold moves through both.

const SIDE = 300; // height of both drawings, and width of the ROC curve

function render({model, el}) {
  const say = sayIn(model);
  const {scores, labels} = traitsOf(model);
  const totals = classCounts(labels, () => true);
  const [low, high] = extent(scores);
  const step = roundStep((high - low) / 200) || 1;
  const curve = rocCurve(traitsOf(model), totals, say);
  const bars = histograms(traitsOf(model), totals, say);
  const status = node("output", {class: "vk-status"});
  const limits = [low - step, high + step];
  const set = (v) => threshold.set(v);
  const limitSlider = slider("vk-threshold vk-wide", say("threshold"), limits, set, step);

  const threshold = linkedNumber(model, "threshold", limits, (v) => {
    const alarms = classCounts(labels, (t) => scores[t] > v);
    curve.show(alarms);
    bars.show(v);
    status.textContent = alarmsInWords(v, alarms, totals, say);
    limitSlider.value = v;
    limitSlider.setAttribute("aria-valuetext", status.textContent);
  });
  onKeys(el, {}); // the slider is the one thing to focus, and moves by itself
  whilePressed(bars.svg, (place) => set(bars.scoreAt(place.x)));

  const histogram = node("div", {}, bars.svg, limitSlider);
  fillWidget(el, model, "vk-operating-point",
    node("div", {class: "vk-pair"}, curve.svg, histogram), status,
    hint(say("← → move the threshold · Page Up / Down faster · Home: every frame an alarm, "
      + "End: none")));
  threshold.show(threshold.value);
  return threshold.stopListening;
}

// How many frames t of each class, [normal, abnormal], are wanted.
function classCounts(labels, isWanted) {
  const counts = [0, 0];
  labels.forEach((label, t) => { if (isWanted(t)) counts[label] += 1; });
  return counts;
}

function alarmsInWords(threshold, [wrong, right], [normal, abnormal], say) {
  const percent = (share) => `${(100 * share).toFixed(0)} %`;
  const rates = {rate: percent(right / abnormal), falseRate: percent(wrong / normal)};
  const counts = {threshold: +threshold.toPrecision(3), right, abnormal, wrong, normal, ...rates};
  const caught = say("Alarm above {threshold}: {right} of {abnormal} abnormal frames caught "
    + "({rate}), {wrong} of {normal} normal frames raise a false alarm ({falseRate}).", counts);
  if (wrong + right === 0) return `${caught} ${say("No alarm at all.")}`;
  const precision = percent(right / (wrong + right));
  return `${caught} ${say("Of all alarms, {precision} are right.", {precision})}`;
}

function rocCurve({auc, false_rates: falseRates, true_rates: trueRates}, [normal, abnormal], say) {
  const edge = 44;
  const plot = SIDE - edge - 12;
  const X = (share) => edge + share * plot;
  const Y = (share) => 12 + (1 - share) * plot;
  const label = say("ROC curve, area under it {auc}", {auc: auc.toFixed(3)});
  const svg = svgPicture(SIDE, SIDE, {"aria-label": label});
  const grid = {stroke: COLOUR.grid};
  for (const v of [0, 0.5, 1]) {
    svg.append(svgLine(X(0), Y(v), X(1), Y(v), grid), svgLine(X(v), Y(0), X(v), Y(1), grid));
    svg.append(svgText(X(v), Y(0) + 15, String(v)), svgText(X(0) - 6, Y(v) + 4, String(v), "end"));
  }
  const dotted = {stroke: COLOUR.soft, "stroke-dasharray": "2 4"};
  const points = falseRates.map((x, i) => `${X(x)},${Y(trueRates[i])}`).join(" ");
  const style = {fill: "none", stroke: COLOUR.prediction, "stroke-width": 2.5};
  svg.append(
    svgLine(X(0), Y(0), X(1), Y(1), dotted), // guessing
    svgNode("polyline", {points, ...style}),
    svgText(X(0.98), Y(0.06), `AUC ${auc.toFixed(3)}`, "end"),
    svgText(X(0.5), SIDE - 4, say("false alarm rate")),
    titleY(Y(0.5), say("share of abnormal frames caught")));
  const here = svg.appendChild(svgNode("circle", {r: 7, fill: COLOUR.alarm, stroke: COLOUR.ink}));
  const show = ([wrong, right]) =>
    setAttributes(here, {cx: X(wrong / normal), cy: Y(right / abnormal)});
  return {svg, show};
}

function histograms({scores, labels, score_name: scoreName}, totals, say) {
  const width = 560, bins = 40, floor = SIDE - 40;
  const [low, high] = extent(scores);
  const place = (v) => (v - low) / (high - low || 1); // from 0 to 1
  const X = (v) => 12 + place(v) * (width - 24);
  const label = say("Histograms of the scores of normal and abnormal frames");
  const svg = svgPicture(width, SIDE, {"aria-label": label});
  const bin = (t) => Math.min(bins - 1, Math.floor(place(scores[t]) * bins));
  const counts = Array.from({length: bins}, (_, i) => classCounts(labels, (t) => bin(t) === i));
  plotBars(svg, counts, totals, {floor, barWidth: (width - 24) / bins}, say);
  for (const v of ticks(low, high, 6)) svg.append(svgText(X(v), floor + 16, String(+v.toFixed(3))));
  svg.append(svgText(width / 2, SIDE - 4, scoreName));
  const dashed = {stroke: COLOUR.alarm, "stroke-width": 2.5, "stroke-dasharray": "7 4"};
  const limit = svg.appendChild(svgNode("line", {y1: 36, y2: floor, ...dashed}));
  const alarm = {y: 30, "text-anchor": "middle", fill: COLOUR.alarmText};
  const limitText = svg.appendChild(svgNode("text", alarm, say("alarm →")));
  const show = (v) => {
    setAttributes(limit, {x1: X(v), x2: X(v)});
    limitText.setAttribute("x", clamp(X(v), 30, width - 30));
  };
  return {svg, show, scoreAt: (x) => low + ((x - 12) / (width - 24)) * (high - low)};
}

// Normal and abnormal side by side in each bin, as shares of their class.
function plotBars(svg, counts, totals, {floor, barWidth}, say) {
  const shares = totals.map((total, label) => counts.map((count) => count[label] / total));
  const tallest = Math.max(...shares.flat());
  const styles = [
    {fill: COLOUR.prediction, stroke: "none", "stroke-width": 0.6},
    {fill: COLOUR.truth, stroke: COLOUR.truthText, "stroke-width": 0.6},
  ];
  const legend = [{name: say("normal"), y: 14}, {name: say("abnormal"), y: 32}];
  shares.forEach((heights, label) => {
    const width = barWidth * 0.5;
    heights.forEach((share, i) => {
      const height = (share / tallest) * (floor - 50);
      const x = 12 + i * barWidth + label * width;
      svg.append(svgRect(x, floor - height, width, height, styles[label]));
    });
    const {name, y} = legend[label];
    const swatch = svgRect(16, y - 9, 12, 12, {fill: styles[label].fill});
    svg.append(swatch, svgNode("text", {x: 34, y: y + 1}, name));
  });
}
