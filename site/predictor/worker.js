// The network, in a thread of its own: the page stays alive while it computes. See predictor.js.

import * as ort from "../vendor/ort.wasm.bundle.min.mjs";

const WASM = new URL("../vendor/ort-wasm-simd-threaded.wasm.gz", import.meta.url);
const AT_ONCE = 16; // windows in one call: what of them is in memory at the same time stays small

// A sentence for the reader: this thread has no page, so predictor.js translates it.
const say = (text, values) => Object.assign(new Error(text), {values});

let model; // manifest, sessions, the weights as they came, and as they are now

async function load({manifest: url}) {
  const manifest = await (await fetched(url)).json();
  const file = (kind) => fetched(new URL(manifest.files[kind], url)).then((r) => r.arrayBuffer());
  const [wasm, weights, ...graphs] = await Promise.all(
    [fetched(WASM).then(unpacked), file("weights"), file("predict"), file("step")]);
  ort.env.wasm.numThreads = 1; // more would need headers that a plain server does not send
  ort.env.wasm.wasmBinary = wasm;
  const [predictor, step] = await Promise.all(graphs.map(
    (graph) => ort.InferenceSession.create(new Uint8Array(graph))));
  const theta = tensorsOf(manifest.weights, new Uint16Array(weights));
  model = {manifest, predictor, step, theta, weights: theta};
  return manifest;
}

async function fetched(url) {
  const answer = await fetch(url);
  if (!answer.ok) {
    throw say("{url} is not there ({status}): build the site again.",
      {url: String(url), status: answer.status});
  }
  return answer;
}

// Some servers send a .gz file as what it holds, unpacked by the browser already.
async function unpacked(answer) {
  const bytes = new Uint8Array(await answer.arrayBuffer());
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function tensorsOf(shapes, halves) {
  const all = {};
  let begin = 0;
  for (const [name, shape] of shapes) {
    const size = shape.reduce((a, b) => a * b, 1);
    const numbers = Float32Array.from(halves.subarray(begin, begin + size), fromHalf);
    all[name] = new ort.Tensor("float32", numbers, shape);
    begin += size;
  }
  return all;
}

// A number of half precision, from its sixteen bits; weights are all finite.
function fromHalf(bits) {
  const exponent = (bits >> 10) & 31, fraction = bits & 1023, sign = bits >> 15 ? -1 : 1;
  return sign * (exponent ? 2 ** (exponent - 25) * (1024 + fraction) : 2 ** -24 * fraction);
}

// Images (N, channels, H, W) in [0, 1]: from `begins`, each `channels` frames in a row.
function images(bytes, begins, channels) {
  const {side} = model.manifest, size = channels * side * side;
  const values = new Float32Array(begins.length * size);
  begins.forEach((begin, n) => {
    for (let i = 0; i < size; i++) values[n * size + i] = bytes[begin * side * side + i] / 255;
  });
  return new ort.Tensor("float32", values, [begins.length, channels, side, side]);
}

const countFrames = ({length}) => length / model.manifest.side ** 2;
const range = (first, end) => Array.from({length: end - first}, (_, i) => first + i);

// A prediction after every four frames in a row: T frames give T - 3.
async function predict({frames}) {
  const {side, n_inputs: nInputs} = model.manifest, n = countFrames(frames) - nInputs + 1;
  const predictions = new Float32Array(n * side * side);
  for (let begin = 0; begin < n; begin += AT_ONCE) {
    const x = images(frames, range(begin, Math.min(begin + AT_ONCE, n)), nInputs);
    const {frame} = await model.predictor.run({x, ...model.weights});
    predictions.set(frame.data, begin * side * side);
  }
  return predictions;
}

// As `vadkit.adapt`: from the meta-trained weights; steps beyond the last use its rates.
async function adapt({windows, steps, tell}) {
  const {n_inputs: nInputs, k_shot: k, n_steps: nSteps, rates} = model.manifest;
  if (countFrames(windows) !== k * (nInputs + 1)) {
    throw say("{k} windows of {n} frames are needed to settle in.", {k, n: nInputs + 1});
  }
  const begins = range(0, k).map((i) => i * (nInputs + 1));
  const x = images(windows, begins, nInputs), y = images(windows, begins.map((i) => i + nInputs), 1);
  const losses = [];
  let weights = model.theta;
  for (let step = 0; step < (steps ?? nSteps); step++) {
    const row = Float32Array.from(rates[Math.min(step, rates.length - 1)]);
    const given = {x, y, rates: new ort.Tensor("float32", row, [row.length])};
    const {loss, ...moved} = await model.step.run({...given, ...weights});
    if (!Number.isFinite(loss.data[0])) {
      throw say("The loss at step {step} is no number.", {step});
    }
    weights = Object.fromEntries(Object.entries(moved).map(
      ([name, tensor]) => [name.slice("next.".length), tensor]));
    losses.push(loss.data[0]);
    tell(losses);
  }
  model.weights = weights;
  return losses;
}

async function reset() {
  model.weights = model.theta;
}

async function weights() {
  return Object.fromEntries(Object.entries(model.weights).map(([name, {data}]) => [name, data]));
}

const ACTS = {load, predict, adapt, reset, weights};

self.addEventListener("message", async ({data: {number, act, given}}) => {
  const tell = (progress) => self.postMessage({number, progress});
  try {
    self.postMessage({number, answer: await ACTS[act]({...given, tell})});
  } catch (error) {
    self.postMessage({number, problem: error.message ?? String(error), values: error.values});
  }
});
