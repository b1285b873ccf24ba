// What charts share: the mouse in them, ticks and titles, and the curve over frames.

function svgPicture(width, height, more = {}) {
  const viewBox = `0 0 ${width} ${height}`;
  const svg = svgNode("svg", {viewBox, class: "vk-chart", role: "img", ...more});
  keepLegible(svg, width);
  return svg;
}

// The text of a picture that is shown smaller than it was drawn does not shrink below 11 pixels.
function keepLegible(svg, width) {
  const zoom = (shown) => svg.style.setProperty("--vk-zoom", (width / shown).toFixed(3));
  new ResizeObserver(([{contentRect}]) => zoom(contentRect.width || width)).observe(svg);
}

// A plot as wide as its place: `draw(width)` gives one, and anew for each other width; then `after`
// shows in it what was shown in the last one. What is dragged in it: `onDrag(plot, ...)`.
function fitted(draw, after) {
  const plot = {now: draw(900), point: (event) => plot.now.point(event)};
  plot.svg = node("div", {class: "vk-plot"}, plot.now.svg); // stays, the drawing in it does not
  new ResizeObserver(([{contentRect}]) => {
    const width = Math.round(contentRect.width);
    if (!width || width === plot.now.width) return;
    const last = plot.now.svg;
    plot.now = draw(width);
    last.replaceWith(plot.now.svg);
    after();
  }).observe(plot.svg);
  return plot;
}

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
// values may hold nulls; range: [low, high], where the curve's own is not wanted. `limit`: whether
// the threshold is drawn, its value beyond the curve's end; `handle`: it is one to take hold of.
function chart({values, labels, say, range, width = 900, height = 160, ...options}) {
  const {top: above, handle, limit: isShown = true, ...titles} = options;
  const [least, most] = range ?? extent(values);
  const margin = 0.06 * (most - least || 1);
  const size = {width, height, top: above, right: isShown ? HANDLE + 4 : undefined};
  const area = plotArea(size, least - margin, most + margin);
  const {left, right, top, bottom, low, high} = area;
  const T = values.length;
  const X = (t) => left + (t * (right - left)) / Math.max(T - 1, 1);
  const svg = svgPicture(width, height);
  const plot = {...area, svg, X, T, handle, isShown};
  shadeRuns(plot, labels, say("abnormal"));
  plotAxes(plot, {xLabel: say("frame"), ...titles});
  const point = (event) => {
    const {x, y} = placeIn(svg, event);
    const frame = Math.round(((x - left) * (T - 1)) / (right - left));
    const onHandle = !!event.target.closest?.(".vk-handle");
    return {frame, value: high - ((y - top) * (high - low)) / (bottom - top), y, onHandle};
  };
  const line = curveLayer(plot, values);
  const limit = thresholdLayer(plot, values, say("threshold"));
  return {...plot, point, ...line, ...limit, ...cursorLayer(plot, values)};
}

function shadeRuns({svg, X, T, top, bottom}, labels, name) {
  for (const [first, last] of runsOf(labels)) {
    const x = X(Math.max(first - 0.5, 0));
    const width = X(Math.min(last + 0.5, T - 1)) - x;
    const shade = svg.appendChild(svgNode("g", {class: "vk-shade"}));
    shade.append(svgRect(x, top, width, bottom - top, {fill: COLOUR.truthShade}));
    const title = svgText(x + width / 2, top - 5, name, "middle", {fill: COLOUR.truthText});
    if (width > 60) shade.append(title); // else the name is wider than the run
  }
}

function plotAxes(plot, {unit = "PSNR (dB)", xTicks = true, xLabel}) {
  const {svg, X, T, left, right, top, bottom, low, high} = plot;
  ticksY(svg, plot, ticks(low, high, (bottom - top) / 25));
  const frames = xTicks ? ticks(0, T - 1, Math.min(10, (right - left) / 45)) : [];
  for (const t of frames) svg.append(svgText(X(t), bottom + 16, String(t)));
  svg.append(titleX(plot, xLabel), titleY((top + bottom) / 2, unit));
}

function curveLayer({svg, X, Y}, values) {
  const style = {stroke: COLOUR.prediction, "stroke-width": 2, "stroke-linejoin": "round"};
  const more = {class: "vk-line", pathLength: 1}; // of length 1, to be drawn before one's eyes
  const curve = svg.appendChild(svgNode("path", {fill: "none", ...style, ...more}));
  return {plotCurve: () => curve.setAttribute("d", linePath(values, X, Y))};
}

function thresholdLayer({svg, X, Y, left, right, handle, isShown}, values, name) {
  const dashed = {stroke: COLOUR.alarm, "stroke-width": 2, "stroke-dasharray": "7 4"};
  const alarms = svgNode("path", {fill: COLOUR.alarm});
  const limit = svgNode("line", {x1: left, x2: right, ...dashed});
  const label = (handle ? thresholdHandle : thresholdText)(left, right, name);
  const group = svg.appendChild(svgNode("g", {class: "vk-limit"}));
  group.append(alarms, ...(isShown ? [limit, label.element] : []));
  const side = clamp((X(1) - X(0)) * 0.9, 2.4, 4);
  const triangle = (x, y) => {
    const corner = `M${(x - side).toFixed(1)} ${(y - 1.5 * side).toFixed(1)}`;
    return `${corner}h${2 * side}l${-side} ${1.8 * side}z`;
  };
  function setThreshold(v, isAlarm = (p) => p !== null && p < v) {
    setAttributes(limit, {y1: Y(v), y2: Y(v)});
    label.element.setAttribute("transform", `translate(0 ${Y(v).toFixed(1)})`);
    label.show(v.toFixed(1));
    const marks = values.map((p, t) => (isAlarm(p, t) ? triangle(X(t), Y(p)) : ""));
    alarms.setAttribute("d", marks.join(""));
  }
  return {setThreshold};
}

const HANDLE = 74; // its width; its height is that of a finger

function thresholdText(left, right, name) {
  const fill = {fill: COLOUR.alarmText}, element = svgNode("g");
  const value = svgText(right + 6, 12, "", "start", fill);
  element.append(svgText(right + 6, -2, name, "start", fill), value);
  return {element, show: (v) => { value.textContent = v; }};
}

// The line can be taken hold of as well.
function thresholdHandle(left, right, name) {
  const element = svgNode("g", {class: "vk-handle"});
  const box = {rx: 6, fill: COLOUR.paper, stroke: COLOUR.alarm, "stroke-width": 2};
  const middle = right + HANDLE / 2 + 1, fill = {fill: COLOUR.alarmText};
  const value = svgText(middle, 13, "", "middle", fill);
  element.append(
    svgLine(left, 0, right, 0, {stroke: "transparent", "stroke-width": 14}),
    svgRect(right, -22, HANDLE, 44, {fill: "transparent"}),
    svgRect(right + 3, -18, HANDLE - 5, 36, box), svgText(middle, -3, name, "middle", fill), value);
  return {element, show: (v) => { value.textContent = `↕ ${v}`; }};
}

function cursorLayer({svg, X, Y, top, bottom, low}, values) {
  const cursor = svgNode("line", {y1: top - 4, y2: bottom, "stroke-width": 1.5});
  const dot = svgNode("circle", {r: 4.5, opacity: 0, fill: COLOUR.ink});
  svg.append(cursor, dot);
  const setFrame = (t) => {
    setAttributes(cursor, {x1: X(t), x2: X(t), stroke: COLOUR.ink});
    setAttributes(dot, {cx: X(t), cy: Y(values[t] ?? low), opacity: values[t] === null ? 0 : 1});
  };
  return {setFrame};
}
