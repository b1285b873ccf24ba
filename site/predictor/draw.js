// Draw your own anomaly without Python: the widget of notebook 02 (draw_anomaly.js), answered by
// the network in this page instead of by a kernel. `answer` and `judge` are `_answer`, `_judge`
// and `_problem` of draw_anomaly.py.

import {load, psnr, toBytes} from "./predictor.js";
import {say, words} from "./text.js";
import {PALETTE, bytesOf, pasted, renderDrawing, unpack} from "./widgets.js";

const MODEL = new URL("../models/streams_maml.json", import.meta.url);
const CLIP = new URL("../models/draw.json", import.meta.url);
const IN_VIEW = 0.5; // pixels that it covers at least where it is in the picture
const FALSE_ALARMS = 2; // frames of the untouched clip that ring
const NOTHING = say("Nothing is painted yet: paint onto the picture, or choose a figure.");

const news = document.querySelector("[role=status]");

async function start() {
  const [network, clip] = await Promise.all([load(MODEL), readClip(CLIP)]);
  news.textContent = say("The network settles in on ten windows of this place ...");
  await network.adapt(clip.windows);
  const traits = await firstTraits(network, clip);
  news.textContent = "";
  news.hidden = true;
  const model = modelOf(traits, (changed) => answer(network, model, changed));
  await renderDrawing({model, el: document.getElementById("widget")});
  await answer(network, model, ["drawing"]);
}

async function readClip(url) {
  const clip = await (await fetch(url)).json();
  const [frames, windows] = await Promise.all([unpack(clip.frames), unpack(clip.windows)]);
  return {...clip, frames, windows};
}

async function firstTraits(network, {frames, shape, figures}) {
  const [n, height, width] = shape, {n_inputs: first} = network.manifest, size = height * width;
  const predictions = await network.predict(frames.subarray(0, (n - 1) * size));
  const scores = Array.from({length: n}, (_, t) => (t < first ? null
    : psnr(predictions, frames.subarray(t * size, (t + 1) * size), (t - first) * size)));
  const [, drawing] = figures.find(([name]) => name === "walker");
  const threshold = scores.slice(first).sort((a, b) => a - b)[FALSE_ALARMS];
  return {
    frames, shape, figures, threshold, drawing, n_inputs: first, words, palette: PALETTE,
    predictions: toBytes(predictions), psnr: scores, untouched: scores.slice(), error_max: 0.3,
    labels: Array(n).fill(0), score: {problem: NOTHING}, best: [], report: "", answered: 0,
    game: false, fps: 10, frame: Math.max(drawing.at, first), composed: frames,
    alt: say("Draw your own anomaly: a clip with a figure in it, prediction, error and PSNR."),
  };
}

// What anywidget gives a widget: get, set, save_changes, on, off; `send` says that it is live.
function modelOf(state, answerTo) {
  const listeners = new Map();
  let changed = new Set();
  const model = {
    state,
    send() {},
    get: (name) => (state[name] instanceof Uint8Array ? bytesOf(state[name]) : state[name]),
    set(name, value) {
      state[name] = value;
      changed.add(name);
    },
    save_changes() {
      const names = [...changed];
      changed = new Set();
      answerTo(names);
    },
    on(event, listener) {
      listeners.set(event, [...listeners.get(event) ?? [], listener]);
    },
    off(event, listener) {
      listeners.set(event, (listeners.get(event) ?? []).filter((each) => each !== listener));
    },
    tell(changes) {
      Object.assign(state, changes);
      for (const name of Object.keys(changes)) {
        for (const listener of listeners.get(`change:${name}`) ?? []) listener();
      }
    },
  };
  return model;
}

// Compose, predict the windows whose frames have changed, and tell the widget.
async function answer(network, model, changed) {
  if (!changed.includes("drawing")) return;
  const {state} = model, {shape, frames, drawing, n_inputs: first} = state;
  const [n, height, width] = shape, size = height * width, was = state.composed;
  const composed = new Uint8Array(frames.length), touched = [], sizes = [];
  for (let t = 0; t < n; t++) {
    const image = pasted(frames, drawing, t, shape), begin = t * size;
    composed.set(image, begin);
    if (image.some((value, i) => value !== was[begin + i])) touched.push(t);
    sizes.push(covered(drawing, t, shape));
  }
  state.composed = composed;
  if (touched.length) {
    const begin = Math.max(touched[0], first), end = Math.min(touched.at(-1) + first + 1, n);
    if (begin < end) await predictAgain(network, state, [begin, end]);
  }
  const labels = sizes.map((covers) => +(covers >= IN_VIEW));
  const score = judge(state, labels, sizes);
  const {psnr: scores, predictions, answered} = state;
  model.tell({labels, score, predictions, psnr: scores, report: ""});
  model.tell({answered: answered + 1});
}

async function predictAgain(network, state, [begin, end]) {
  const {composed, n_inputs: first, shape: [, height, width]} = state, size = height * width;
  const given = composed.slice((begin - first) * size, (end - 1) * size);
  const predictions = await network.predict(given);
  state.psnr = state.psnr.slice();
  for (let t = begin; t < end; t++) {
    const frame = composed.subarray(t * size, (t + 1) * size);
    state.psnr[t] = psnr(predictions, frame, (t - begin) * size);
  }
  state.predictions = state.predictions.slice();
  state.predictions.set(toBytes(predictions), (begin - first) * size);
}

// How many pixels the figure covers in frame t: it is pasted, all white, onto black.
function covered(drawing, t, shape) {
  const white = {...drawing, bright: 0, pixels: drawing.pixels.map((grey) => grey && 255)};
  const black = {slice: () => new Uint8Array(shape[1] * shape[2])};
  return pasted(black, white, t, shape).reduce((sum, value) => sum + value, 0) / 255;
}

function judge({drawing, psnr: scores, untouched, threshold, n_inputs: first}, labels, sizes) {
  const counts = [...labels.keys()].filter((t) => labels[t] && t >= first);
  const falls = counts.reduce((sum, t) => sum + untouched[t] - scores[t], 0);
  let problem = "";
  if (!drawing.pixels.some(Boolean)) problem = NOTHING;
  else if (Math.max(...sizes) < IN_VIEW) {
    problem = say("The figure never comes into the picture: move it, or turn it round.");
  } else if (!counts.length) {
    problem = say("It is there in the first four frames only, and they have no score.");
  }
  const ring = counts.filter((t) => scores[t] < threshold).length;
  return {frames: counts.length, ring, falls: falls / (counts.length || 1), problem};
}

start().catch((error) => {
  news.hidden = false;
  news.textContent = error.message;
});
