// Shared by every widget: the DOM, Python's traits, pictures, playing and keys. `chart.js` follows.

// The tokens of base.css, which has their values for both themes. One meaning each.
const COLOUR = Object.fromEntries(["prediction", "truth", "truthShade", "truthText", "alarm",
  "alarmText", "maml", "mamlText", "correct", "correctText", "copying", "ink", "soft", "grid",
  "paper"].map((name) => [name, `var(--vk-${name})`]));
const BOX = "#E69F00"; // the truth's amber, for canvases, which know no tokens

function setAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
}

function node(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  setAttributes(element, attributes);
  element.append(...children);
  return element;
}

function svgNode(tag, attributes = {}, text = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  setAttributes(element, attributes);
  element.textContent = text;
  return element;
}

const svgLine = (x1, y1, x2, y2, style) => svgNode("line", {x1, y1, x2, y2, ...style});
const svgRect = (x, y, width, height, style) => svgNode("rect", {x, y, width, height, ...style});
const svgText = (x, y, text, anchor = "middle", style = {}) =>
  svgNode("text", {x, y, "text-anchor": anchor, ...style}, text);
const hint = (text) => node("p", {class: "vk-hint"}, text);

function button(text, onClick, attributes = {}) {
  const element = node("button", {type: "button", ...attributes}, text);
  element.addEventListener("click", onClick);
  return element;
}

// A slider without a label of its own (null) stands inside a <label>.
function slider(name, label, [min, max], onInput, step = 1) {
  const input = node("input", {type: "range", min, max, step, class: name});
  if (label) input.setAttribute("aria-label", label);
  input.addEventListener("input", () => onInput(+input.value));
  return input;
}

// The thumb of a slider below an svg of this width goes from x = `from` to x = `to`.
function alignSlider(input, from, to, width) {
  input.style.marginLeft = `calc(${(100 * from) / width}% - 8px)`;
  input.style.width = `calc(${(100 * (to - from)) / width}% + 16px)`;
}

function checkbox(attributes, onChange) {
  const input = node("input", {type: "checkbox", ...attributes});
  input.addEventListener("change", () => onChange(input.checked));
  return input;
}

function fillWidget(el, model, name, ...children) {
  el.classList.add("vadkit", name);
  setAttributes(el, {role: "group", "aria-label": model.get("alt")});
  el.append(...children);
}

const sayIn = (model) => (text, values = {}) => {
  const translated = model.get("words")[text] ?? text;
  return translated.replace(/\{(\w+)\}/g, (_, key) => values[key]);
};

// The traits as they are now, to be taken apart by name; bytes come as arrays.
const traitsOf = (model) => new Proxy(model, {
  get(_, name) {
    const value = model.get(name);
    if (!value?.buffer) return value;
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  },
});

function tellPython(model, changes) {
  for (const [name, value] of Object.entries(changes)) model.set(name, value);
  model.save_changes();
}

// A page without a kernel: nobody listens. Bytes come as pictures, as `_pack` in base.py made them.
async function renderStill(place, packed, state) {
  for (const [name, sheet] of Object.entries(packed)) state[name] = await unpack(sheet);
  const set = (name, value) => { state[name] = value; };
  const model = {get: (name) => state[name], set, save_changes() {}, on() {}, off() {}};
  const find = () => document.querySelector(`${place}:not(.vadkit)`);
  // JupyterLab runs the script before it attaches the output.
  const wait = () => new Promise((resolve) => setTimeout(resolve, 50));
  for (let tries = 0; !find() && tries < 100; tries++) await wait();
  const el = find();
  el?.replaceChildren();
  if (el) render({model, el});
}

async function unpack({sheet, background, width, length}) {
  const {pixels, height} = await greyPixels(sheet);
  const ground = background && (await greyPixels(background)).pixels;
  const sheetWidth = pixels.length / height, column = width * height;
  return Uint8Array.from({length}, (_, i) => {
    const x = Math.floor(i / column) * width + (i % width);
    const value = pixels[Math.floor((i % column) / width) * sheetWidth + x];
    return ground ? clamp(value - 128 + ground[i % ground.length], 0, 255) : value;
  });
}

async function greyPixels(source) {
  const image = new Image();
  image.src = source;
  await image.decode();
  const {width, height} = image;
  const context = node("canvas", {width, height}).getContext("2d", {willReadFrequently: true});
  context.drawImage(image, 0, 0);
  const {data} = context.getImageData(0, 0, width, height);
  return {height, pixels: Uint8Array.from({length: width * height}, (_, i) => data[4 * i])};
}

// Calls `listener` when Python changes one of the traits; returns a function that ends this.
function listen(model, names, listener) {
  for (const name of names) model.on(`change:${name}`, listener);
  return () => names.forEach((name) => model.off(`change:${name}`, listener));
}

// A number that the reader (`set`) and Python both move; `update` shows it.
function linkedNumber(model, name, [low, high], update) {
  const number = {
    value: clamp(model.get(name), low, high),
    show(wanted) {
      number.value = clamp(wanted, low, high);
      update(number.value);
    },
    set(wanted) {
      number.show(wanted);
      tellPython(model, {[name]: number.value});
    },
  };
  number.stopListening = listen(model, [name], () => {
    const wanted = model.get(name);
    if (wanted !== number.value) number.show(wanted);
  });
  return number;
}

const inTurn = (...actions) => () => actions.forEach((action) => action());

// A captioned canvas of W x H pixels; `paint` looks each byte up in a table of 256 colours.
function picture(W, H, caption, className = "") {
  const canvas = node("canvas", {width: W, height: H, role: "img", "aria-label": caption});
  const context = canvas.getContext("2d");
  const image = context.createImageData(W, H);
  const pixels = new Uint32Array(image.data.buffer);
  const figcaption = node("figcaption", {}, caption);
  return {
    canvas,
    figcaption,
    figure: node("figure", {class: className}, canvas, figcaption),
    paint(bytes, offset = 0, table = GREY) {
      for (let i = 0; i < pixels.length; i++) pixels[i] = table[bytes[offset + i]];
      context.putImageData(image, 0, 0);
    },
    paintDifference(a, aOffset, b, bOffset, table) {
      const difference = (i) => Math.abs(a[aOffset + i] - b[bOffset + i]);
      for (let i = 0; i < pixels.length; i++) pixels[i] = table[difference(i)];
      context.putImageData(image, 0, 0);
    },
    box(x0, y0, x1, y1) {
      context.strokeStyle = BOX;
      context.strokeRect(x0 - 1.5, y0 - 1.5, x1 - x0 + 3, y1 - y0 + 3);
    },
  };
}

// A grey picture without a caption, for where many stand in a row.
function thumbnail(W, H, bytes, offset, more = {}) {
  const {canvas, paint} = picture(W, H, "");
  setAttributes(canvas, more);
  paint(bytes, offset);
  return canvas;
}

function colourTable(colourAt) {
  const table = new Uint8ClampedArray(4 * 256);
  for (let i = 0; i < 256; i++) table.set([...colourAt(i), 255], 4 * i);
  return new Uint32Array(table.buffer);
}

const GREY = colourTable((i) => [i, i, i]);

function paletteColour(palette, share) {
  const begin = 3 * Math.min(255, Math.round(255 * share));
  return palette.subarray(begin, begin + 3);
}

// Colours of the differences of two bytes; `error_max` is a share of 255.
function errorTable({palette, error_max: errorMax}) {
  return colourTable((difference) => paletteColour(palette, difference / 255 / errorMax));
}

// The error map's colours, from 0 up to the error that gets the brightest.
function errorScale({palette, error_max: errorMax}, say) {
  const scale = picture(8, 256, say("error scale"), "vk-scale");
  const falling = Uint8Array.from({length: 8 * 256}, (_, i) => 255 - (i >> 3));
  scale.paint(falling, 0, colourTable((i) => paletteColour(palette, i / 255)));
  scale.figcaption.remove();
  const largest = node("span", {class: "vk-scale-max"}, String(errorMax));
  scale.figure.append(largest, node("span", {class: "vk-scale-min"}, "0"));
  return scale.figure;
}

// A play button: calls `step` `fps` times a second until it returns false. Meanwhile no <output>
// of the widget speaks: a screen reader could not keep up.
function player(say, fps, step, verb = say("Play")) {
  const element = node("button", {type: "button", class: "vk-play"});
  let timer = null;
  const isPlaying = () => timer !== null;
  const show = () => {
    element.textContent = isPlaying() ? `❚❚ ${say("Pause")}` : `▶ ${verb}`;
    const live = isPlaying() ? "off" : "polite";
    const outputs = element.closest(".vadkit")?.querySelectorAll("output") ?? [];
    for (const output of outputs) output.setAttribute("aria-live", live);
  };
  function stop() {
    clearInterval(timer);
    timer = null;
    show();
  }
  function start() {
    timer ??= setInterval(() => { if (step() === false) stop(); }, 1000 / fps);
    show();
  }
  show();
  const toggle = () => (isPlaying() ? stop() : start());
  const pausing = (action) => (...values) => {
    stop();
    action(...values);
  };
  return {button: element, isPlaying, start, stop, toggle, pausing};
}

// A button keeps Space and Enter for itself, a slider of its own the keys that move it.
function keepsKey(target, key) {
  if (target.matches("button, [type=checkbox]")) return key === " " || key === "Enter";
  return target.matches(".vk-threshold, .vk-short, .vk-wipe") && /^(Arrow|Page|Home|End)/.test(key);
}

// actions: {"ArrowLeft": action}. No key reaches JupyterLab, whose command mode would swallow it.
// A click anywhere in the widget gives it the keys; else they would go to the page, or the cell.
function onKeys(el, actions) {
  el.setAttribute("data-lm-suppress-shortcuts", "true");
  if (!el.hasAttribute("tabindex")) el.tabIndex = -1;
  el.addEventListener("click", () => {
    if (!el.contains(document.activeElement)) el.focus({preventScroll: true});
  });
  el.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action || keepsKey(event.target, event.key)) return;
    event.preventDefault();
    action(event);
  });
}

const clamp = (v, low, high) => Math.min(Math.max(v, low), high);
