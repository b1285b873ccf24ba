// What charts share: the mouse in them, ticks and titles, and the curve over frames.

const svgPicture = (width, height, more = {}) =>
  svgNode("svg", {viewBox: `0 0 ${width} ${height}`, class: "vk-chart", role: "img", ...more});

function placeIn(svg, event) {
  const page = new DOMPoint(event.clientX, event.clientY);
  return page.matrixTransform(svg.getScreenCTM().inverse());
}

// Calls `move` with the mouse's place in the svg while its button is down.
function whilePressed(svg, move) {
  const follow = (event) => { if (event.buttons) move(placeIn(svg, event)); };
  svg.addEventListener("pointerdown", (event) => {
    svg.setPointerCapture(event.pointerId);
    follow(event);
  });
  svg.addEventListener("pointermove", follow);
}

// Dragging in a chart: `choose(point)` gives the slider of what is dragged, and how to move it.
function onDrag({svg, point}, choose) {
  let dragged = null;
  const follow = (event) => { if (dragged) dragged.move(point(event)); };
  svg.addEventListener("pointerdown", (event) => {
    dragged = choose(point(event));
    svg.setPointerCapture(event.pointerId);
    follow(event);
    dragged.slider.focus({preventScroll: true});
    event.preventDefault();
  });
  svg.addEventListener("pointermove", follow);
  svg.addEventListener("pointerup", () => { dragged = null; });
}

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
  const step = roundStep((high - low) / wanted);
  const values = [];
  for (let v = Math.ceil(low / step) * step; v <= high + 1e-9; v += step) values.push(v);
  return values;
}

// The scale of a plot: the edges of its area in the svg, and where a value is.
function plotArea({width, height, right = 10, top = 18, bottom = 38}, low, high) {
  const edges = {left: 52, right: width - right, top, bottom: height - bottom};
  const Y = (v) => top + ((high - v) * (edges.bottom - top)) / (high - low);
  return {...edges, width, height, low, high, Y};
}

function ticksY(svg, {left, right, Y}, values) {
  for (const v of values) {
    svg.append(svgLine(left, Y(v), right, Y(v), {stroke: COLOUR.grid}));
    svg.append(svgText(left - 6, Y(v) + 4, String(+v.toFixed(2)), "end"));
  }
}

const titleX = ({left, right, height}, text) => svgText((left + right) / 2, height - 6, text);

function titleY(middle, text) {
  const transform = `translate(13 ${middle}) rotate(-90)`;
  return svgNode("text", {transform, "text-anchor": "middle"}, text);
}

// A line through the values; it breaks where they are null.
function linePath(values, X, Y) {
  const command = (v, t) => {
    if (v === null) return "";
    const letter = t && values[t - 1] !== null ? "L" : "M";
    return `${letter}${X(t).toFixed(1)} ${Y(v).toFixed(1)}`;
  };
  return values.map(command).join("");
}

// A curve over frames: abnormal runs shaded, alarms marked below a threshold, and a cursor.
// values may hold nulls; range: [low, high], where the curve's own is not wanted.
function chart({values, labels, say, range, width = 900, height = 160, ...titles}) {
  const [least, most] = range ?? extent(values);
  const margin = 0.06 * (most - least || 1);
  const area = plotArea({width, height}, least - margin, most + margin);
  const {left, right, top, bottom, low, high} = area;
  const T = values.length;
  const X = (t) => left + (t * (right - left)) / Math.max(T - 1, 1);
  const svg = svgPicture(width, height);
  const plot = {...area, svg, X, T};
  shadeRuns(plot, labels, say("abnormal"));
  plotAxes(plot, {xLabel: say("frame"), ...titles});
  const point = (event) => {
    const {x, y} = placeIn(svg, event);
    const frame = Math.round(((x - left) * (T - 1)) / (right - left));
    return {frame, value: high - ((y - top) * (high - low)) / (bottom - top), y};
  };
  const line = curveLayer(plot, values);
  const limit = thresholdLayer(plot, values, say("threshold"));
  return {...plot, point, ...line, ...limit, ...cursorLayer(plot, values)};
}

function shadeRuns({svg, X, T, top, bottom}, labels, name) {
  for (const [first, last] of runsOf(labels)) {
    const x = X(Math.max(first - 0.5, 0));
    const width = X(Math.min(last + 0.5, T - 1)) - x;
    svg.append(svgRect(x, top, width, bottom - top, {fill: COLOUR.abnormal}));
    const title = svgText(x + width / 2, 13, name, "middle", {fill: COLOUR.abnormalText});
    if (width > 60) svg.append(title); // else the name is wider than the run
  }
}

function plotAxes(plot, {unit = "PSNR (dB)", xTicks = true, xLabel}) {
  const {svg, X, T, top, bottom, low, high} = plot;
  ticksY(svg, plot, ticks(low, high, 4));
  const frames = xTicks ? ticks(0, T - 1, 10) : [];
  for (const t of frames) svg.append(svgText(X(t), bottom + 16, String(t)));
  svg.append(titleX(plot, xLabel), titleY((top + bottom) / 2, unit));
}

function curveLayer({svg, X, Y}, values) {
  const style = {stroke: COLOUR.normal, "stroke-width": 2, "stroke-linejoin": "round"};
  const curve = svg.appendChild(svgNode("path", {fill: "none", ...style}));
  return {plotCurve: () => curve.setAttribute("d", linePath(values, X, Y))};
}

function thresholdLayer({svg, X, Y, left, right}, values, name) {
  const dashed = {stroke: COLOUR.alarm, "stroke-width": 2, "stroke-dasharray": "7 4"};
  const alarms = svgNode("path", {fill: COLOUR.alarm});
  const limit = svgNode("line", {x1: left, x2: right, ...dashed});
  const text = svgNode("text", {x: right, "text-anchor": "end", fill: COLOUR.alarmText});
  svg.append(alarms, limit, text);
  const side = clamp((X(1) - X(0)) * 0.9, 1.2, 4);
  const triangle = (x, y) => {
    const corner = `M${(x - side).toFixed(1)} ${(y - 1.5 * side).toFixed(1)}`;
    return `${corner}h${2 * side}l${-side} ${1.8 * side}z`;
  };
  function setThreshold(v, isAlarm = (p) => p !== null && p < v) {
    setAttributes(limit, {y1: Y(v), y2: Y(v)});
    text.setAttribute("y", Y(v) - 5);
    text.textContent = `${name} ${v.toFixed(1)}`;
    const marks = values.map((p, t) => (isAlarm(p, t) ? triangle(X(t), Y(p)) : ""));
    alarms.setAttribute("d", marks.join(""));
  }
  return {setThreshold, hideThreshold: () => [limit, text].forEach((mark) => mark.remove())};
}

function cursorLayer({svg, X, Y, top, bottom, low}, values) {
  const cursor = svgNode("line", {y1: top - 4, y2: bottom, "stroke-width": 1.5});
  const dot = svgNode("circle", {r: 4.5, opacity: 0});
  svg.append(cursor, dot);
  const setFrame = (t) => {
    setAttributes(cursor, {x1: X(t), x2: X(t), stroke: "#000"});
    setAttributes(dot, {cx: X(t), cy: Y(values[t] ?? low), opacity: values[t] === null ? 0 : 1});
  };
  return {setFrame};
}
