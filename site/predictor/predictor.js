// The predictor of the course in a browser.
//
//   const network = await load("models/streams_maml.json");
//   const losses = await network.adapt(windows, (losses) => { ... });  // K windows of five frames
//   const predictions = await network.predict(frames);                 // T frames: T - 3 predictions
//   await network.reset();                                             // as before it has adapted
//
// Frames are bytes, grey, one after the other, each `manifest.side` squared; predictions are
// floats, and may overshoot [0, 1] a little. It computes what vadkit's `adapt` computes: both are
// compared in tests/browser/test_site_predictor.py.

import {say} from "./text.js";

export async function load(manifestUrl) {
  const worker = new Worker(new URL("worker.js", import.meta.url), {type: "module"});
  const waiting = new Map();
  let number = 0;
  const fail = (problem) => {
    for (const {reject} of waiting.values()) reject(new Error(problem));
    waiting.clear();
  };
  worker.addEventListener("error", () => fail(say("The network's thread could not start: its files "
    + "are not there, or this page was opened from a folder instead of a server.")));
  worker.addEventListener("message", ({data}) => {
    const {resolve, reject, onProgress} = waiting.get(data.number);
    if ("progress" in data) return onProgress?.(data.progress);
    waiting.delete(data.number);
    if ("problem" in data) return reject(new Error(inWords(data)));
    return resolve(data.answer);
  });
  const ask = (act, given = {}, onProgress = null) => new Promise((resolve, reject) => {
    waiting.set(number, {resolve, reject, onProgress});
    worker.postMessage({number, act, given});
    number += 1;
  });
  const manifest = await ask("load", {manifest: new URL(manifestUrl, document.baseURI).href});
  return {
    manifest,
    predict: (frames) => ask("predict", {frames}),
    adapt: (windows, onProgress, steps) => ask("adapt", {windows, steps}, onProgress),
    reset: () => ask("reset"),
    weights: () => ask("weights"),
    close: () => worker.terminate(),
  };
}

// Sentences of worker.js have values; the rest is the browser's own.
const inWords = ({problem, values}) => (values ? say(problem, values) : problem);

const MAX_PSNR = 100; // dB, as in vadkit.metrics

// PSNR in dB, up = normal, of a prediction (floats, from `at`) and the frame itself (bytes).
export function psnr(prediction, frame, at = 0) {
  let sum = 0;
  for (let i = 0; i < frame.length; i++) {
    const error = Math.min(Math.max(prediction[at + i], 0), 1) - frame[i] / 255;
    sum += error * error;
  }
  return Math.min(MAX_PSNR, -10 * Math.log10(sum / frame.length));
}

// Predictions as bytes, to be shown.
export function toBytes(predictions) {
  return Uint8Array.from(predictions, (v) => Math.round(255 * Math.min(Math.max(v, 0), 1)));
}
