// The guard's shift: clips in an order nobody knows, one threshold, a budget of false alarms.

const QUIET = 10; // frames without a low PSNR after which an alarm has stopped ringing
const IN_VIEW = 120; // frames of the curve that the guard sees

function render({model, el}) {
  const say = sayIn(model);
  const {size: [H, W], frames, clips, n_inputs: nInputs, budget, fps} = traitsOf(model);
  const camera = picture(W, H, say("live"));
  const seen = Array(IN_VIEW).fill(null), rang = Array(IN_VIEW).fill(false);
  const live = liveCurve(clips, seen, fps, say);
  const name = say("threshold in dB"), limits = [live.low, live.high];
  const limitSlider = slider("vk-threshold vk-wide", name, limits, (v) => setThreshold(v), "any");
  const status = node("output", {class: "vk-status"}), report = node("div", {class: "vk-report"});
  const news = node("p", {class: "vk-news", role: "status"});
  let shift, threshold, nShifts = 0;

  function begin() {
    guard.stop();
    shift = newShift(clips, model.get("n_clips"), model.get("seed") + nShifts);
    nShifts += 1;
    seen.fill(null);
    rang.fill(false);
    report.replaceChildren();
    const values = {n: Math.round(shift.stream.length / fps), budget};
    news.textContent = say("{n} seconds of duty. {budget} false alarms are forgiven, "
      + "the next one sends you home. Press Space.", values);
    camera.paint(frames, shift.stream[0].offset);
    live.plotCurve();
    setThreshold(model.get("threshold"));
    showStatus();
    tellPython(model, {result: {}});
  }
  function watch() {
    shift.now += 1;
    if (shift.now >= shift.stream.length) return finish(say("The shift is over."));
    const frame = shift.stream[shift.now];
    const isLow = frame.psnr < threshold;
    camera.paint(frames, frame.offset + (frame.t + nInputs) * H * W);
    shift.history.push(threshold);
    seen.push(frame.psnr);
    seen.shift();
    rang.push(isLow);
    rang.shift();
    if (isLow) news.textContent = ring(shift, frame, fps, say) ?? news.textContent;
    camera.figure.classList.toggle("vk-marked", shift.now - shift.lastLow <= 2);
    live.plotCurve();
    live.setFrame(IN_VIEW - 1);
    showThreshold();
    showStatus();
    const isSentHome = shift.falseAlarms.length > budget;
    if (isSentHome) return finish(say("One false alarm too many: you are sent home early."));
    return true;
  }
  function finish(how) {
    shift.isOver = true;
    news.textContent = how;
    const end = Math.min(shift.now, shift.stream.length - 1);
    const past = shift.events.filter((event) => event.first <= end);
    const caught = past.filter((event) => event.caught !== null);
    const missed = past.filter((event) => event.caught === null);
    const nLater = shift.events.length - past.length, nFalse = shift.falseAlarms.length;
    const list = reportList({caught, missed, nLater, nFalse}, budget, fps, say);
    report.replaceChildren(list, hindsight(shift, threshold, end, say));
    const kinds = (events) => events.map((event) => event.kind);
    const counts = {false_alarms: nFalse, seconds: (end + 1) / fps};
    tellPython(model, {result: {caught: kinds(caught), missed: kinds(missed), ...counts}});
    showStatus();
    return false;
  }
  function showStatus() {
    status.textContent = statusInWords(shift, budget, fps, say);
  }
  function showThreshold() {
    live.setThreshold(threshold, (_, t) => rang[t]);
  }
  function setThreshold(v) {
    threshold = clamp(v, live.low, live.high);
    showThreshold();
    limitSlider.value = threshold;
    limitSlider.setAttribute("aria-valuetext", `${threshold.toFixed(1)} dB`);
    tellPython(model, {threshold});
  }

  const guard = player(say, fps, watch, say("Watch"));
  const toggle = () => (shift.isOver ? begin() : guard.toggle());
  const step = roundStep((live.high - live.low) / 100);
  const raise = (change) => () => setThreshold(threshold + change);
  onKeys(el, {
    " ": toggle, Enter: begin, ArrowUp: raise(step), ArrowDown: raise(-step),
    PageUp: raise(10 * step), PageDown: raise(-10 * step),
  });
  guard.button.addEventListener("click", toggle);
  const limit = node("label", {}, say("threshold"), limitSlider);
  fillWidget(el, model, "vk-guard",
    node("div", {class: "vk-pair"}, camera.figure, node("div", {}, live.svg, limit, news, status)),
    node("div", {class: "vk-bar"}, guard.button, button(say("New shift (Enter)"), begin)), report,
    hint(say("Space watches and pauses · ↑ ↓ move the threshold, Page Up / Down faster · "
      + "Enter draws a new shift")));
  begin();
  return guard.stop;
}

// mulberry32: the same shift for the same seed in every browser.
function randomNumbers(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

// The frames of one shift in a row, each with the event it belongs to: one run of one anomaly.
function newShift(clips, nClips, seed) {
  const random = randomNumbers(seed), left = [...clips.keys()], stream = [], events = [];
  for (let n = 0; n < nClips; n++) {
    const [number] = left.splice(Math.floor(random() * left.length), 1);
    const {offset, psnr, labels, kinds} = clips[number];
    psnr.forEach((value, t) => {
      const frame = {offset, t, psnr: value, abnormal: labels[t], kind: kinds[t]};
      const before = stream.at(-1);
      const continues = before?.abnormal && before.offset === offset;
      if (frame.abnormal && !continues) {
        events.push({first: stream.length, kind: frame.kind, caught: null});
      }
      if (frame.abnormal) frame.event = events.at(-1);
      stream.push(frame);
    });
    if (!left.length) left.push(...clips.keys());
  }
  const nothing = {now: -1, lastLow: -Infinity, isOver: false};
  return {stream, events, falseAlarms: [], history: [], ...nothing};
}

// What follows from a PSNR below the threshold; returns the news, if any.
function ring(shift, {event, abnormal, kind}, fps, say) {
  const wasQuiet = shift.now - shift.lastLow > QUIET;
  shift.lastLow = shift.now;
  if (event && event.caught === null) {
    event.caught = shift.now - event.first;
    const values = {kind: say(kind || "anomaly"), s: (event.caught / fps).toFixed(1)};
    return say("✓ Caught: {kind}, after {s} s.", values);
  }
  if (abnormal || !wasQuiet) return undefined;
  shift.falseAlarms.push(shift.now);
  return say("✗ False alarm, number {n}: nothing was wrong.", {n: shift.falseAlarms.length});
}

function liveCurve(clips, values, fps, say) {
  const range = extent(clips.flatMap((clip) => clip.psnr));
  const xLabel = say("the last {n} seconds", {n: Math.round(IN_VIEW / fps)});
  const size = {width: 600, height: 210};
  return chart({values, labels: [], say, range, xTicks: false, xLabel, ...size});
}

function statusInWords({stream, now, events, falseAlarms}, budget, fps, say) {
  const left = Math.max(0, Math.round((stream.length - 1 - now) / fps));
  const nCaught = events.filter((event) => event.caught !== null).length;
  const nFalse = falseAlarms.length;
  const dots = "●".repeat(nFalse) + "○".repeat(Math.max(0, budget - nFalse));
  return [
    `${say("time left")} ${left} s`,
    `${say("caught")} ${nCaught}`,
    `${say("false alarms")} ${nFalse} / ${budget} ${dots}`,
  ].join("  ·  ");
}

function reportList({caught, missed, nLater, nFalse}, budget, fps, say) {
  const name = (event) => say(event.kind || "anomaly");
  const delay = (event) => say("after {s} s", {s: (event.caught / fps).toFixed(1)});
  const list = (texts) => texts.join(", ") || say("none");
  const n = `${caught.length} / ${caught.length + missed.length}`;
  const delays = caught.map((event) => `${name(event)} ${delay(event)}`);
  const items = [
    `${say("Caught")}: ${n} (${list(delays)})`,
    `${say("Missed")}: ${list(missed.map(name))}`,
    `${say("False alarms")}: ${nFalse}, ${say("budget")} ${budget}`,
  ];
  if (nLater) items.push(say("Still to come when you left: {n}", {n: nLater}));
  return node("ul", {}, ...items.map((text) => node("li", {}, text)));
}

// The whole shift with the threshold as it was moved, and the abnormal frames.
function hindsight({stream, history, falseAlarms}, threshold, end, say) {
  const values = stream.map((frame) => frame.psnr), labels = stream.map((frame) => frame.abnormal);
  const curve = chart({values, labels, say, height: 170});
  const {svg, X, Y} = curve;
  curve.plotCurve();
  curve.setThreshold(threshold, (p, t) => p < history[t]);
  curve.hideThreshold();
  curve.setFrame(end);
  const points = history.map((v, t) => `${X(t)},${Y(v)}`).join(" ");
  const style = {fill: "none", stroke: COLOUR.alarm, "stroke-width": 2};
  svg.append(svgNode("polyline", {points, ...style}));
  for (const t of falseAlarms) {
    svg.append(svgText(X(t), 14, "✗", "middle", {fill: COLOUR.alarmText}));
  }
  const label = say("The whole shift with hindsight: PSNR, threshold, abnormal frames");
  svg.setAttribute("aria-label", label);
  return svg;
}
