// Shared by every widget: small DOM helpers, grey and error pictures on canvases, the curve, playing, the keyboard.

const COLOUR = {normal: "#0072B2", abnormal: "#FBE3B0", alarm: "#D55E00", box: "#E69F00", good: "#009E73"};

const sayIn = (model) => (text, values = {}) =>
  (model.get("words")[text] ?? text).replace(/\{(\w+)\}/g, (_, key) => values[key]);

const bytesOf = (model, name) => {
  const value = model.get(name);
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
};

function node(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function svgNode(tag, attributes = {}, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

// A captioned canvas of W x H pixels. paint(u8, offset, table): one picture, each byte looked up in a 256 x RGBA table.
function picture(W, H, caption, className = "") {
  const canvas = node("canvas", {width: W, height: H, role: "img", "aria-label": caption});
  const context = canvas.getContext("2d"), image = context.createImageData(W, H), pixels = new Uint32Array(image.data.buffer);
  const figcaption = node("figcaption", {}, caption);
  return {
    canvas, context, figcaption, figure: node("figure", {class: className}, canvas, figcaption),
    paint(values, offset = 0, table = GREY) {
      for (let i = 0; i < pixels.length; i++) pixels[i] = table[values[offset + i]];
      context.putImageData(image, 0, 0);
    },
    paintDifference(a, aOffset, b, bOffset, table) {
      for (let i = 0; i < pixels.length; i++) pixels[i] = table[Math.abs(a[aOffset + i] - b[bOffset + i])];
      context.putImageData(image, 0, 0);
    },
    box(x0, y0, x1, y1) {
      context.strokeStyle = COLOUR.box;
      context.strokeRect(x0 - 1.5, y0 - 1.5, x1 - x0 + 3, y1 - y0 + 3);
    },
  };
}

const tableOf = (colourAt) => {
  const table = new Uint8ClampedArray(1024);
  for (let i = 0; i < 256; i++) table.set([...colourAt(i), 255], 4 * i);
  return new Uint32Array(table.buffer);
};
const GREY = tableOf((i) => [i, i, i]);

// Runs of true values as [first, last] pairs, both included.
function runsOf(flags) {
  const runs = [];
  flags.forEach((flag, t) => {
    if (!flag) return;
    if (runs.length && runs.at(-1)[1] === t - 1) runs.at(-1)[1] = t;
    else runs.push([t, t]);
  });
  return runs;
}

// A curve over frames with abnormal runs shaded, alarms marked below a threshold, and a cursor. values may hold nulls.
// range: [low, high] to use instead of the curve's own; xTicks: false hides the frame numbers.
function chart({values, labels, say, range, width = 900, height = 160, unit = "PSNR (dB)", xTicks = true, xLabel = say("frame")}) {
  const left = 52, right = 10, top = 18, bottom = 38, T = values.length;
  const [least, most] = range ?? extent(values), margin = 0.06 * (most - least || 1), low = least - margin, high = most + margin;
  const X = (t) => left + (t * (width - left - right)) / Math.max(T - 1, 1);
  const Y = (v) => top + ((high - v) * (height - top - bottom)) / (high - low);
  const svg = svgNode("svg", {viewBox: `0 0 ${width} ${height}`, class: "vk-chart", role: "img"});
  for (const [first, last] of runsOf(labels)) {
    const x = X(Math.max(first - 0.5, 0)), w = X(Math.min(last + 0.5, T - 1)) - x;
    svg.append(svgNode("rect", {x, y: top, width: w, height: height - top - bottom, fill: COLOUR.abnormal}));
    if (w > 60) svg.append(svgNode("text", {x: x + w / 2, y: 13, "text-anchor": "middle", fill: "#7A4B00"}, say("abnormal")));
  }
  for (const v of ticks(low, high, 4)) {
    svg.append(svgNode("line", {x1: left, x2: width - right, y1: Y(v), y2: Y(v), stroke: "#E4E4E4"}));
    svg.append(svgNode("text", {x: left - 6, y: Y(v) + 4, "text-anchor": "end"}, String(+v.toFixed(2))));
  }
  for (const t of xTicks ? ticks(0, T - 1, 10) : [])
    svg.append(svgNode("text", {x: X(t), y: height - bottom + 16, "text-anchor": "middle"}, String(t)));
  svg.append(svgNode("text", {x: (left + width - right) / 2, y: height - 6, "text-anchor": "middle"}, xLabel));
  svg.append(svgNode("text", {transform: `translate(13 ${(top + height - bottom) / 2}) rotate(-90)`, "text-anchor": "middle"}, unit));
  const curve = svgNode("path", {fill: "none", stroke: COLOUR.normal, "stroke-width": 2, "stroke-linejoin": "round"});
  const alarms = svgNode("path", {fill: COLOUR.alarm});
  const limit = svgNode("line", {x1: left, x2: width - right, stroke: COLOUR.alarm, "stroke-width": 2, "stroke-dasharray": "7 4"});
  const limitText = svgNode("text", {x: width - right, "text-anchor": "end", fill: "#A34700"});
  const cursor = svgNode("line", {y1: top - 4, y2: height - bottom, "stroke-width": 1.5}), dot = svgNode("circle", {r: 4.5, opacity: 0});
  const mark = clamp((X(1) - X(0)) * 0.9, 1.2, 4);
  svg.append(curve, alarms, limit, limitText, cursor, dot);
  const point = (event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    return {
      frame: Math.round(((at.x - left) * (T - 1)) / (width - left - right)),
      value: high - ((at.y - top) * (high - low)) / (height - top - bottom),
      nearLimit: Math.abs(at.y - +limit.getAttribute("y1")) < 9,
    };
  };
  return {
    svg, low, high, X, Y, point,
    alignSlider(slider, from) { // so that the thumb stands under the cursor
      slider.style.marginLeft = `calc(${(100 * X(from)) / width}% - 8px)`;
      slider.style.width = `calc(${(100 * (X(T - 1) - X(from))) / width}% + 16px)`;
    },
    drawCurve() {
      curve.setAttribute("d", values.map((v, t) =>
        v === null ? "" : `${t && values[t - 1] !== null ? "L" : "M"}${X(t).toFixed(1)} ${Y(v).toFixed(1)}`).join(""));
    },
    setThreshold(v, isAlarm = (p) => p !== null && p < v) {
      limit.setAttribute("y1", Y(v)), limit.setAttribute("y2", Y(v)), limitText.setAttribute("y", Y(v) - 5);
      limitText.textContent = `${say("threshold")} ${v.toFixed(1)}`;
      const triangle = (x, y) => `M${(x - mark).toFixed(1)} ${(y - 1.5 * mark).toFixed(1)}h${2 * mark}l${-mark} ${1.8 * mark}z`;
      alarms.setAttribute("d", values.map((p, t) => (isAlarm(p, t) ? triangle(X(t), Y(p)) : "")).join(""));
    },
    hideThreshold() { limit.remove(), limitText.remove(); },
    setFrame(t) {
      cursor.setAttribute("x1", X(t)), cursor.setAttribute("x2", X(t)), cursor.setAttribute("stroke", "#000");
      dot.setAttribute("opacity", values[t] === null ? 0 : 1);
      dot.setAttribute("cx", X(t)), dot.setAttribute("cy", Y(values[t] ?? low));
    },
  };
}

function extent(values) {
  const known = values.filter((v) => v !== null);
  return [Math.min(...known), Math.max(...known)];
}

// The smallest of ..., 0.1, 0.2, 0.5, 1, 2, 5, ... that is at least `rough`.
function roundStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough || 1));
  return [1, 2, 5, 10].map((m) => m * power).find((step) => step >= rough * 0.999);
}

function ticks(low, high, wanted) {
  const step = roundStep((high - low) / wanted), found = [];
  for (let v = Math.ceil(low / step) * step; v <= high + 1e-9; v += step) found.push(v);
  return found;
}

// Play and pause: calls step() `fps` times a second until it returns false; onChange(playing) keeps the button right.
function player(step, fps, onChange) {
  let timer = null;
  const self = {
    get playing() { return timer !== null; },
    stop() { clearInterval(timer); timer = null; onChange(false); },
    start() { timer ??= setInterval(() => { if (step() === false) self.stop(); }, 1000 / fps); onChange(true); },
    toggle() { self.playing ? self.stop() : self.start(); },
  };
  return self;
}

// A button keeps Space and Enter for itself, a threshold slider the keys that move it.
const ownKey = (target, key) => target.matches("button, [type=checkbox]") ? key === " " || key === "Enter"
  : target.matches(".vk-threshold") && /^(Arrow|Page|Home|End)/.test(key);

// keys: {"ArrowLeft": action}. Nothing typed here reaches JupyterLab, whose command mode would swallow the arrows.
function onKeys(el, keys) {
  el.setAttribute("data-lm-suppress-shortcuts", "true");
  el.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const action = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (action && !ownKey(event.target, event.key)) event.preventDefault(), action(event);
  });
}

const clamp = (v, low, high) => Math.min(Math.max(v, low), high);

function playButton(say) {
  const button = node("button", {type: "button", class: "vk-play"});
  const show = (playing) => { button.textContent = playing ? `❚❚ ${say("Pause")}` : `▶ ${say("Play")}`; };
  show(false);
  return {button, show};
}

const hint = (text) => node("p", {class: "vk-hint"}, text);
