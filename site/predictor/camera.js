// Your camera: normal life is recorded, the network settles in, and then it watches.

import {liveCurve} from "./curve.js";
import {SECONDS, alarmClock, chooseWindows, thresholdOf} from "./guard.js";
import {load, psnr, toBytes} from "./predictor.js";
import {openCamera, openFile} from "./source.js";
import {say} from "./text.js";
import {errorTable, node, PALETTE, picture, setAttributes, thumbnail} from "./widgets.js";

const MODEL = new URL("../models/camera_maml.json", import.meta.url);
const ERROR_MAX = 0.3; // as in vadkit.view
const MOST_ALARMS = 24; // thumbnails that are kept

const at = (id) => document.getElementById(id);
const main = document.querySelector(".page"), news = document.querySelector("[role=status]");
const curve = liveCurve(at("curve"));
const heat = errorTable({palette: PALETTE, error_max: ERROR_MAX});
let network, panels, source = null;
let watch = null; // what is known since the recording began

function tell(words, kind = "") {
  news.textContent = words;
  news.className = `vk-news ${kind}`;
}

const failing = (act) => async (...values) => {
  try {
    await act(...values);
  } catch (error) {
    tell(error.message, "failed");
  }
};

async function start() {
  network = await load(MODEL);
  const {side} = network.manifest;
  panels = [say("camera"), say("prediction"), say("error")]
    .map((name) => picture(side, side, name));
  panels[0].figure.classList.add("live");
  at("panels").append(...panels.map(({figure}) => figure));
  for (const id of ["use-camera", "use-file"]) at(id).disabled = false;
  tell(say("Ready. Use the camera, or a film of your own."));
}

async function use(opening) {
  close();
  source = await opening;
  source.listen(onFrame, finish);
  panels[0].figure.prepend(source.element);
  panels[0].figure.classList.remove("seen");
  at("sources").hidden = true;
  at("controls").hidden = at("panels").hidden = false;
  at("record").focus();
  tell(say("Aim at a place where life goes on as it should, then record: five seconds of it."));
}

function close() {
  source?.close();
  source?.element.remove();
  source = watch = null;
  at("controls").hidden = at("panels").hidden = at("watch").hidden = true;
  at("sources").hidden = false;
  at("pause").disabled = true;
}

const record = async () => {
  await network.reset();
  if (source.isFile) source.rewind();
  watch = {phase: "record", frames: [], scored: [], clock: alarmClock(), threshold: NaN};
  curve.clear();
  at("alarms").replaceChildren();
  at("no-alarms").hidden = at("watch").hidden = false;
  at("record").textContent = say("Start again");
  panels[0].figure.classList.add("seen");
  panels[0].figure.classList.remove("vk-marked");
  setPaused(false);
  await source.play();
};

const onFrame = failing(async () => {
  if (!watch || watch.phase === "settle") return;
  const mine = watch, {side, n_inputs: n} = network.manifest, frame = source.grey(side);
  panels[0].paint(frame);
  mine.frames.push(frame);
  if (mine.phase === "record") return noteRecorded(mine);
  while (mine.frames.length > n + 1) mine.frames.shift();
  if (mine.isBusy || mine.frames.length <= n) return;
  const time = source.isFile ? say("at {t} s", {t: source.time.toFixed(1)}) : clockTime();
  mine.isBusy = true;
  const begin = performance.now();
  const prediction = await network.predict(joined(mine.frames.slice(0, n)));
  mine.isBusy = false;
  if (watch === mine) score(mine, frame, prediction, {time, took: performance.now() - begin});
});

function noteRecorded(mine) {
  const wanted = Math.round((SECONDS.windows + SECONDS.threshold) * source.fps);
  const left = (wanted - mine.frames.length) / source.fps;
  at("status").textContent = say("{t} s left", {t: Math.max(0, left).toFixed(1)});
  if (mine.frames.length === 1) tell(say("Recording normal life ..."));
  if (mine.frames.length >= Math.max(wanted, 20)) settle(mine);
}

const settle = failing(async (mine) => {
  mine.phase = "settle";
  if (source.isFile) source.pause();
  const {k_shot: k, n_inputs: n, n_steps: nSteps, side} = network.manifest;
  const share = SECONDS.windows / (SECONDS.windows + SECONDS.threshold);
  const first = Math.round(share * mine.frames.length);
  const windows = chooseWindows(mine.frames.slice(0, first), k, n + 1);
  tell(say("It settles in on {k} windows ...", {k}));
  await network.adapt(windows, (losses) => {
    const scores = losses.map((loss) => (-loss).toFixed(1)).join(" → ");
    tell(say("It settles in, step {n} of {all}: {scores} dB",
      {n: losses.length, all: nSteps, scores}));
  });
  const held = mine.frames.slice(first - n), size = side * side;
  const predictions = await network.predict(joined(held.slice(0, -1)));
  const quiet = held.slice(n).map((frame, i) => psnr(predictions, frame, i * size));
  if (watch !== mine) return;
  setRange(quiet);
  setThreshold(thresholdOf(quiet));
  for (const value of quiet) curve.add(value, mine.threshold);
  mine.frames = [];
  mine.phase = "watch";
  at("pause").disabled = false;
  tell(say("It watches."));
  if (source.isFile) await source.play();
});

function score(mine, frame, prediction, {time, took}) {
  const value = psnr(prediction, frame), shown = toBytes(prediction);
  panels[0].paint(frame);
  panels[1].paint(shown);
  panels[2].paintDifference(frame, 0, shown, 0, heat);
  mine.scored.push({now: performance.now(), took});
  if (mine.scored.length > 30) mine.scored.shift();
  const span = (mine.scored.at(-1).now - mine.scored[0].now) / 1000;
  const rate = span ? (mine.scored.length - 1) / span : 0;
  const fastest = Math.min(...mine.scored.map((each) => each.took));
  setAttributes(at("status"), {"data-rate": rate.toFixed(2), "data-took": fastest.toFixed(1)});
  at("status").textContent = say("PSNR {psnr} dB · {rate} frames a second",
    {psnr: value.toFixed(1), rate: rate.toFixed(0)});
  const isNew = mine.clock.ring(value, mine.threshold);
  panels[0].figure.classList.toggle("vk-marked", mine.clock.isRinging());
  curve.add(value, mine.threshold);
  if (isNew) ring(frame, value, time);
}

function ring(frame, value, time) {
  const {side} = network.manifest, words = say("{time}, {psnr} dB", {time, psnr: value.toFixed(1)});
  tell(say("▼ ALARM {time}: this was not expected.", {time}), "rings");
  const photo = thumbnail(side, side, frame, 0, {"aria-label": say("What rang {words}", {words})});
  at("no-alarms").hidden = true;
  at("alarms").prepend(node("li", {}, photo, words));
  while (at("alarms").children.length > MOST_ALARMS) at("alarms").lastChild.remove();
}

function setRange(quiet) {
  const low = Math.floor(Math.min(...quiet) - 12), high = Math.ceil(Math.max(...quiet) + 3);
  setAttributes(at("threshold"), {min: low, max: high});
}

function setThreshold(value) {
  const words = `${value.toFixed(1)} dB`;
  watch.threshold = at("threshold").value = value;
  at("threshold-value").textContent = words;
  at("threshold").setAttribute("aria-valuetext", words);
  curve.draw(value);
}

function setPaused(isPaused) {
  watch.isPaused = isPaused;
  at("pause").textContent = isPaused ? say("Go on") : say("Pause");
}

const pause = failing(async () => {
  if (watch?.phase !== "watch") return;
  setPaused(!watch.isPaused);
  watch.frames = []; // a window must not bridge the gap
  if (watch.isPaused) source.pause();
  else await source.play();
  tell(watch.isPaused ? say("Paused.") : say("It watches."));
});

function finish() {
  if (watch?.phase === "record") {
    return tell(say("The film is shorter than five seconds."), "failed");
  }
  const n = at("alarms").children.length;
  at("pause").disabled = true;
  return tell(n === 1 ? say("The film is over. It rang once.")
    : say("The film is over. It rang {n} times.", {n}));
}

const clockTime = () => new Date().toTimeString().slice(0, 8); // in any language

function joined(frames) {
  const all = new Uint8Array(frames.length * frames[0].length);
  frames.forEach((frame, i) => all.set(frame, i * frame.length));
  return all;
}

const openDropped = failing(async (file) => {
  if (network && file) await use(openFile(file));
});

at("use-camera").addEventListener("click", failing(() => use(openCamera())));
at("use-file").addEventListener("change", ({target}) => openDropped(target.files[0]));
at("record").addEventListener("click", failing(record));
at("pause").addEventListener("click", pause);
at("leave").addEventListener("click", () => {
  close();
  tell(say("Ready. Use the camera, or a film of your own."));
});
at("threshold").addEventListener("input", ({target}) => setThreshold(+target.value));
document.addEventListener("keydown", (event) => {
  if (event.key !== " " || event.target.matches("button, input, summary, a")) return;
  event.preventDefault();
  pause();
});
for (const name of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    main.classList.toggle("dropping", name === "dragover");
    if (name === "drop") openDropped(event.dataTransfer.files[0]);
  });
}
new ResizeObserver(() => curve.draw(watch?.threshold ?? NaN)).observe(at("curve"));
failing(start)();
