// The guard's shift: clips in an order nobody knows, one threshold, a budget of false alarms.

const QUIET = 10; // frames without a low PSNR after which an alarm has stopped ringing
const IN_VIEW = 120; // frames of the curve that the guard sees
const CURVE = 210; // its height
const APART = 36; // frames at most between two runs of one anomaly: it was hidden meanwhile

function render({model, el}) {
  const say = sayIn(model);
  const desk = guardDesk(traitsOf(model), say);
  const duty = guardDuty(model, desk, el, say);
  const {low, high} = desk.live.now, {fps} = traitsOf(model);
  const film = player(say, fps, duty.watch, say("Watch"));
  const begin = film.pausing(duty.begin);
  const toggle = () => (duty.isOver() ? begin() : film.toggle());
  const step = roundStep((high - low) / 100);
  const raise = (change) => () => duty.setThreshold(duty.threshold() + change);
  onKeys(el, {
    " ": toggle, Enter: begin, ArrowUp: raise(step), ArrowDown: raise(-step),
    PageUp: raise(10 * step), PageDown: raise(-10 * step),
  });
  const limitSlider = slider("vk-threshold", say("threshold in dB"), [low, high],
    duty.setThreshold, "any");
  desk.limitSlider = limitSlider;
  desk.live.svg.prepend(limitSlider);
  onDrag(desk.live, () => ({slider: limitSlider, move: (point) => duty.setThreshold(point.value)}));
  film.button.addEventListener("click", toggle);
  const {camera, live, look, news, status, report} = desk;
  const beside = node("div", {}, live.svg, look, news, status,
    node("div", {class: "vk-bar"}, film.button, button(say("New shift (Enter)"), begin)));
  fillWidget(el, model, "vk-guard", node("div", {class: "vk-pair"}, camera.figure, beside), report,
    hint(say("Space watches and pauses · ↑ ↓ or the handle move the threshold, Page Up / Down "
      + "faster · Enter draws a new shift")));
  begin();
  return film.stop;
}

// What stands before the guard: the camera, the curve as far as it has come, the news, the report.
function guardDesk({size: [H, W], clips, fps}, say) {
  const seen = Array(IN_VIEW).fill(null), rang = Array(IN_VIEW).fill(false);
  const live = fitted((width) => liveCurve(clips, seen, fps, width, say), () => desk.redraw());
  live.svg.classList.add("vk-live");
  const status = node("output", {class: "vk-status"}), report = node("div", {class: "vk-report"});
  const news = node("p", {class: "vk-news", role: "status"}), look = node("div");
  const camera = picture(W, H, say("live"));
  const desk = {camera, live, seen, rang, status, report, news, look};
  return desk;
}

// The guard's work: a shift begins, frame after frame is watched, and a report is written.
function guardDuty(model, desk, el, say) {
  const {size: [H, W], frames, clips, n_inputs: nInputs, budget, fps} = traitsOf(model);
  const {camera, live, seen, rang, status, news} = desk;
  let shift, threshold, nShifts = 0;
  function begin() {
    shift = newShift(clips, {nClips: model.get("n_clips"), size: H * W, nInputs},
      model.get("seed") + nShifts);
    nShifts += 1;
    seen.fill(null);
    rang.fill(false);
    desk.report.replaceChildren();
    desk.look.replaceChildren();
    el.classList.remove("vk-over");
    const values = {n: Math.round(shift.stream.length / fps), budget};
    news.textContent = say("{n} seconds of duty. {budget} false alarms are forgiven, "
      + "the next one sends you home. Press Space.", values);
    camera.figcaption.textContent = say("live");
    camera.paint(frames, shift.stream[0].at);
    setThreshold(model.get("threshold"));
    desk.redraw();
    tellPython(model, {result: {}});
  }
  function watch() {
    shift.now += 1;
    if (shift.now >= shift.stream.length) return finish(say("The shift is over."));
    const frame = shift.stream[shift.now];
    const isLow = frame.psnr < threshold;
    camera.paint(frames, frame.at);
    shift.history.push(threshold);
    pushOut(seen, frame.psnr);
    pushOut(rang, isLow);
    if (shift.now === 0) news.textContent = say("You are on duty.");
    if (isLow) news.textContent = ring(shift, frame, fps, say) ?? news.textContent;
    camera.figure.classList.toggle("vk-marked", shift.now - shift.lastLow <= 2);
    desk.redraw();
    const isSentHome = shift.falseAlarms.length > budget;
    if (isSentHome) return finish(say("One false alarm too many: you are sent home early."));
    return true;
  }
  function finish(how) {
    shift.isOver = true;
    news.textContent = how;
    camera.figcaption.textContent = "\u00a0"; // no longer live
    el.classList.add("vk-over"); // what was live makes room for what was
    tellPython(model, {result: writeReport(desk, shift, threshold, traitsOf(model), say)});
    return false;
  }
  function setThreshold(v) {
    threshold = clamp(v, live.now.low, live.now.high);
    live.now.setThreshold(threshold, (_, t) => rang[t]);
    desk.limitSlider.value = threshold;
    desk.limitSlider.setAttribute("aria-valuetext", `${threshold.toFixed(1)} dB`);
    tellPython(model, {threshold});
  }
  desk.redraw = () => {
    live.now.plotCurve();
    if (shift.now >= 0) live.now.setFrame(IN_VIEW - 1);
    live.now.setThreshold(threshold, (_, t) => rang[t]);
    status.textContent = statusInWords(shift, budget, fps, say);
  };
  return {begin, watch, setThreshold, isOver: () => shift.isOver, threshold: () => threshold};
}

// Shows what was caught, what was missed and what rang for nothing, and gives Python the result.
function writeReport({report, look}, shift, threshold, {size: [H, W], frames, budget, fps}, say) {
  const end = Math.min(shift.now, shift.stream.length - 1);
  const {caught, missed, nLater} = judge(shift, end);
  const photo = (at, text) => thumbnail(W, H, frames, at, {"aria-label": text});
  const terms = {budget, fps, photo};
  report.replaceChildren(reportList({caught, missed, nLater}, shift, terms, say));
  look.replaceChildren(hindsight(shift, threshold, end, say));
  const kinds = (events) => events.map((event) => event.kind);
  const counts = {false_alarms: shift.falseAlarms.length, seconds: (end + 1) / fps};
  return {caught: kinds(caught), missed: kinds(missed), ...counts};
}

// The newest comes in at the end, the oldest leaves.
function pushOut(values, newest) {
  values.push(newest);
  values.shift();
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

// The frames of one shift in a row, each with the event it belongs to: one anomaly.
function newShift(clips, {nClips, size, nInputs}, seed) {
  const random = randomNumbers(seed), left = [...clips.keys()], stream = [], events = [];
  for (let n = 0; n < nClips; n++) {
    const [number] = left.splice(Math.floor(random() * left.length), 1);
    const {offset, psnr, labels, kinds} = clips[number];
    psnr.forEach((value, t) => {
      const at = offset + (t + nInputs) * size; // where its pixels are
      const frame = {offset, at, psnr: value, abnormal: labels[t], kind: kinds[t]};
      const event = events.at(-1);
      const goesOn = event?.offset === offset && stream.length - event.last <= APART;
      if (frame.abnormal && !goesOn) {
        events.push({offset, first: stream.length, kind: frame.kind, caught: null, frames: []});
      }
      if (frame.abnormal) {
        frame.event = events.at(-1);
        frame.event.last = stream.length;
        frame.event.frames.push(stream.length);
      }
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

function liveCurve(clips, values, fps, width, say) {
  const range = extent(clips.flatMap((clip) => clip.psnr));
  const xLabel = say("the last {n} seconds", {n: Math.round(IN_VIEW / fps)});
  const options = {xTicks: false, xLabel, handle: true, width, height: CURVE};
  const curve = chart({values, labels: [], say, range, ...options});
  curve.svg.setAttribute("aria-label", say("PSNR as it comes, and the threshold"));
  return curve;
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

// What of the events up to the end was caught, and what was not.
function judge({events}, end) {
  const past = events.filter((event) => event.first <= end);
  const caught = past.filter((event) => event.caught !== null);
  const missed = past.filter((event) => event.caught === null);
  return {caught, missed, nLater: events.length - past.length};
}

function reportList({caught, missed, nLater}, {stream, falseAlarms}, {budget, fps, photo}, say) {
  const seconds = (n) => (n / fps).toFixed(1), name = (event) => say(event.kind || "anomaly");
  const figure = (t, text) =>
    node("figure", {}, photo(stream[t].at, text), node("figcaption", {}, text));
  const caughtFigure = (event) => figure(event.first + event.caught,
    say("{kind}, after {s} s", {kind: name(event), s: seconds(event.caught)}));
  const missedFigure = (event) => figure(event.frames[event.frames.length >> 1], name(event));
  const falseFigure = (t) => figure(t, say("at {s} s", {s: seconds(t)}));
  const item = (look, title, figures) => node("li", {class: look}, node("b", {}, title),
    node("div", {class: "vk-cases"}, ...(figures.length ? figures : [say("none")])));
  const n = `${caught.length} / ${caught.length + missed.length}`;
  const later = nLater ? [say("Still to come when you left: {n}", {n: nLater})] : [];
  const nFalse = `${falseAlarms.length}, ${say("budget")} ${budget}`;
  return node("ul", {},
    item("vk-caught", `✓ ${say("Caught")}: ${n}`, caught.map(caughtFigure)),
    item("vk-missed", `○ ${say("Missed")}: ${missed.length}`,
      [...missed.map(missedFigure), ...later]),
    item("vk-false", `✗ ${say("False alarms")}: ${nFalse}`, falseAlarms.map(falseFigure)));
}

// The whole shift with the threshold as it was moved, and the abnormal frames.
function hindsight({stream, history, falseAlarms}, threshold, end, say) {
  const values = stream.map((frame) => frame.psnr), labels = stream.map((frame) => frame.abnormal);
  const label = say("The whole shift with hindsight: PSNR, threshold, abnormal frames");
  const draw = (width) => {
    const curve = chart({values, labels, say, width, height: CURVE, limit: false});
    const {svg, X, Y} = curve;
    curve.plotCurve();
    curve.setThreshold(threshold, (p, t) => p < history[t]);
    curve.setFrame(end);
    const points = history.map((v, t) => `${X(t)},${Y(v)}`).join(" ");
    const style = {fill: "none", stroke: COLOUR.alarm, "stroke-width": 2};
    const red = {fill: COLOUR.alarmText};
    const marks = falseAlarms.map((t) => svgText(X(t), 14, "✗", "middle", red));
    svg.append(svgNode("polyline", {points, ...style}), ...marks);
    svg.setAttribute("aria-label", label);
    return curve;
  };
  return fitted(draw, () => {}).svg;
}
