// The guard's shift: clips in an order nobody knows, one threshold, a budget of false alarms.

const QUIET = 10; // frames without a low PSNR after which an alarm has stopped ringing
const IN_VIEW = 120; // frames of the curve that the guard sees

function random(seed) { // mulberry32: the same shift for the same seed in every browser
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function drawStream(clips, wanted, seed) {
  const next = random(seed), pool = clips.map((_, i) => i), stream = [];
  for (let n = 0; n < wanted; n++) {
    const clip = clips[pool.splice(Math.floor(next() * pool.length), 1)[0]];
    clip.psnr.forEach((psnr, t) => stream.push({offset: clip.offset, t, psnr, abnormal: clip.labels[t], kind: clip.kinds[t]}));
    if (!pool.length) pool.push(...clips.keys());
  }
  return stream;
}

function render({model, el}) {
  const say = sayIn(model), [H, W] = model.get("size"), frames = bytesOf(model, "frames"), clips = model.get("clips");
  const budget = model.get("budget"), fps = model.get("fps"), range = extent(clips.flatMap((clip) => clip.psnr));
  const camera = picture(W, H, say("live")), seen = Array(IN_VIEW).fill(null), rang = Array(IN_VIEW).fill(false);
  const live = chart({values: seen, labels: [], say, range, xTicks: false, xLabel: say("the last {n} seconds", {n: Math.round(IN_VIEW / fps)}), width: 600, height: 210});
  const step = roundStep((live.high - live.low) / 100);
  const slider = node("input", {type: "range", min: live.low, max: live.high, step: "any", class: "vk-threshold vk-wide", "aria-label": say("threshold in dB")});
  const button = node("button", {type: "button", class: "vk-play"}), again = node("button", {type: "button"}, say("New shift (Enter)"));
  const status = node("output", {class: "vk-status"}), news = node("p", {class: "vk-news", role: "status"}), report = node("div", {class: "vk-report"});
  let stream, now, events, falseAlarms, lastLow, history, over, threshold, shift = 0;

  function begin() {
    guard.stop();
    stream = drawStream(clips, model.get("n_clips"), model.get("seed") + shift++);
    events = [];
    stream.forEach((f, t) => {
      const before = stream[t - 1];
      if (f.abnormal && !(before?.abnormal && before.offset === f.offset)) events.push({first: t, kind: f.kind, caught: null});
      if (f.abnormal) f.event = events.at(-1);
    });
    now = -1, falseAlarms = [], lastLow = -Infinity, history = [], over = false;
    seen.fill(null), rang.fill(false);
    report.replaceChildren();
    news.textContent = say("{n} seconds of duty. {budget} false alarms are forgiven, the next one sends you home. Press Space.", {n: Math.round(stream.length / fps), budget});
    camera.paint(frames, stream[0].offset), live.drawCurve(), setThreshold(model.get("threshold")), tell(), guard.stop();
    model.set("result", {}), model.save_changes();
  }
  function watch() {
    if (++now >= stream.length) return finish(say("The shift is over."));
    const f = stream[now], low = f.psnr < threshold;
    camera.paint(frames, f.offset + (f.t + model.get("n_inputs")) * H * W);
    history.push(threshold);
    seen.push(f.psnr), seen.shift(), rang.push(low), rang.shift();
    if (low && f.event && f.event.caught === null) {
      f.event.caught = now - f.event.first;
      news.textContent = say("✓ Caught: {kind}, after {s} s.", {kind: say(f.kind || "anomaly"), s: (f.event.caught / fps).toFixed(1)});
    } else if (low && !f.abnormal && now - lastLow > QUIET) {
      falseAlarms.push(now);
      news.textContent = say("✗ False alarm, number {n}: nothing was wrong.", {n: falseAlarms.length});
    }
    if (low) lastLow = now;
    camera.figure.classList.toggle("vk-marked", now - lastLow <= 2);
    live.drawCurve(), live.setFrame(IN_VIEW - 1), live.setThreshold(threshold, (_, t) => rang[t]), tell();
    if (falseAlarms.length > budget) return finish(say("One false alarm too many: you are sent home early."));
  }
  function finish(how) {
    over = true;
    const name = (event) => say(event.kind || "anomaly"), end = Math.min(now, stream.length - 1), past = events.filter((e) => e.first <= end);
    const caught = past.filter((e) => e.caught !== null), missed = past.filter((e) => e.caught === null);
    const values = stream.map((f) => f.psnr), hindsight = chart({values, labels: stream.map((f) => f.abnormal), say, height: 170});
    hindsight.drawCurve();
    hindsight.setThreshold(threshold, (p, t) => p < history[t]), hindsight.hideThreshold();
    hindsight.setFrame(end);
    hindsight.svg.append(svgNode("polyline", {fill: "none", stroke: COLOUR.alarm, "stroke-width": 2, points: history.map((v, t) => `${hindsight.X(t)},${hindsight.Y(v)}`).join(" ")}));
    for (const t of falseAlarms) hindsight.svg.append(svgNode("text", {x: hindsight.X(t), y: 14, "text-anchor": "middle", fill: "#A34700"}, "✗"));
    hindsight.svg.setAttribute("role", "img"), hindsight.svg.setAttribute("aria-label", say("The whole shift with hindsight: PSNR, threshold, abnormal frames"));
    const list = (events, text) => events.map(text).join(", ") || say("none");
    news.textContent = how;
    report.replaceChildren(node("ul", {},
      node("li", {}, `${say("Caught")}: ${caught.length} / ${past.length} (${list(caught, (e) => `${name(e)} ${say("after {s} s", {s: (e.caught / fps).toFixed(1)})}`)})`),
      node("li", {}, `${say("Missed")}: ${list(missed, name)}`),
      node("li", {}, `${say("False alarms")}: ${falseAlarms.length}, ${say("budget")} ${budget}`),
      ...(past.length < events.length ? [node("li", {}, say("Still to come when you left: {n}", {n: events.length - past.length}))] : [])), hindsight.svg);
    model.set("result", {caught: caught.map((e) => e.kind), missed: missed.map((e) => e.kind), false_alarms: falseAlarms.length, seconds: (end + 1) / fps});
    model.save_changes(), tell();
    return false;
  }
  function tell() {
    const left = Math.max(0, Math.round((stream.length - 1 - now) / fps)), used = "●".repeat(falseAlarms.length) + "○".repeat(Math.max(0, budget - falseAlarms.length));
    status.textContent = `${say("time left")} ${left} s  ·  ${say("caught")} ${events.filter((e) => e.caught !== null).length}  ·  ${say("false alarms")} ${falseAlarms.length} / ${budget} ${used}`;
  }
  function setThreshold(v) {
    threshold = clamp(v, live.low, live.high);
    live.setThreshold(threshold, (_, t) => rang[t]);
    slider.value = threshold;
    slider.setAttribute("aria-valuetext", `${threshold.toFixed(1)} dB`);
    model.set("threshold", threshold), model.save_changes();
  }
  const guard = player(watch, fps, (on) => { button.textContent = on ? `❚❚ ${say("Pause")}` : `▶ ${say("Watch")}`; });
  const toggle = () => { over ? begin() : guard.toggle(); };
  onKeys(el, {" ": toggle, ArrowUp: () => setThreshold(threshold + step), ArrowDown: () => setThreshold(threshold - step),
    PageUp: () => setThreshold(threshold + 10 * step), PageDown: () => setThreshold(threshold - 10 * step), Enter: begin});
  button.addEventListener("click", toggle);
  again.addEventListener("click", begin);
  slider.addEventListener("input", () => setThreshold(+slider.value));

  el.classList.add("vadkit", "vk-guard");
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", model.get("alt"));
  el.append(node("div", {class: "vk-pair"}, camera.figure, node("div", {}, live.svg, node("label", {}, say("threshold"), slider),
      news, status)), node("div", {class: "vk-bar"}, button, again), report,
    hint(say("Space watches and pauses · ↑ ↓ move the threshold, Page Up / Down faster · Enter draws a new shift")));
  begin();
  return () => guard.stop();
}
