// The figure of `draw_anomaly.js`, and what a hand can do to it. `placeAt` and `pasted` are
// `place_at` and `paste` of drawn_figure.py, to the last bit.

const AHEAD = 5; // frames: where the figure is by then, the arrow ends
const MAX_SPEED = 4; // pixels per frame of a picture of 64 x 64

function newSketch(shape, drawing) {
  const [, H, W] = shape, unit = Math.max(1, Math.round(Math.min(H, W) / 64));
  const cursor = [W >> 1, Math.round(0.62 * H)], tool = drawing.width ? "move" : "brush";
  return {shape, unit, cursor, tool, size: 3 * unit, grey: 30, past: []};
}

// Where the figure's box begins in frame t, in eighths of a pixel.
function placeAt({x, y, at, heading, speed}, t) {
  const angle = (heading * Math.PI) / 180, far = speed * (t - at);
  const [dx, dy] = [Math.cos(angle), Math.sin(angle)]
    .map((part) => Math.floor(1000 * part + 0.5) / 1000);
  return [x + far * dx, y + far * dy].map((v) => Math.floor(8 * v + 0.5) / 8);
}

// Frame t with the figure in it. Between pixels, each pixel of it covers a share of four.
function pasted(frames, drawing, t, [, H, W]) {
  const image = frames.slice(t * H * W, (t + 1) * H * W);
  if (t < drawing.first || t > drawing.last) return image;
  const [left, top] = placeAt(drawing, t), x0 = Math.floor(left), y0 = Math.floor(top);
  const fx = left - x0, fy = top - y0, {pixels, width, bright} = drawing;
  const cover = new Float64Array(H * W), light = new Float64Array(H * W);
  for (const [dx, dy] of [[0, 0], [1, 0], [0, 1], [1, 1]]) {
    const share = (dx ? fx : 1 - fx) * (dy ? fy : 1 - fy);
    pixels.forEach((grey, i) => {
      const x = x0 + dx + (i % width), y = y0 + dy + Math.floor(i / width);
      if (!grey || x < 0 || x >= W || y < 0 || y >= H) return;
      cover[y * W + x] += share;
      light[y * W + x] += share * clamp(grey + bright, 0, 255);
    });
  }
  return image.map((value, i) => value * (1 - cover[i]) + light[i] + 0.5); // bytes: cut off
}

// Set one pixel of the figure, 0 for none; its box grows where needed.
function dab(drawing, x, y, grey) {
  const {x: left, y: top, width, height, pixels} = drawing;
  const isInside = x >= left && x < left + width && y >= top && y < top + height;
  if (!isInside && !grey) return;
  if (!isInside) {
    const x0 = Math.min(left, x), w = Math.max(left + width, x + 1) - x0;
    const y0 = Math.min(top, y), h = Math.max(top + height, y + 1) - y0;
    const grown = Array(w * h).fill(0);
    const moved = (i) => (top - y0 + Math.floor(i / width)) * w + left - x0 + (i % width);
    pixels.forEach((value, i) => { grown[moved(i)] = value; });
    Object.assign(drawing, {x: x0, y: y0, width: w, height: h, pixels: grown});
  }
  drawing.pixels[(y - drawing.y) * drawing.width + x - drawing.x] = grey;
}

// Press the brush, or the eraser, onto the frame in view.
function stamp(sketch, at) {
  const {drawing, frame, size, tool, grey, shape: [, H, W]} = sketch;
  if (tool === "eraser" && !isThere(sketch)) return;
  const [x, y] = at.map(Math.floor), half = (size - 1) / 2;
  const blank = {width: 0, height: 0, pixels: []};
  if (isEmpty(sketch)) Object.assign(drawing, {x, y, at: frame, ...blank});
  turn(sketch); // to whole pixels
  drawing.first = Math.min(drawing.first, frame);
  drawing.last = Math.max(drawing.last, frame);
  const value = tool === "eraser" ? 0 : clamp(grey - drawing.bright, 1, 255);
  for (let i = 0; i < size * size; i++) {
    const u = (i % size) - half, v = Math.floor(i / size) - half;
    const px = Math.ceil(x + u), py = Math.ceil(y + v);
    const isInside = px >= 0 && px < W && py >= 0 && py < H;
    if (isInside && Math.hypot(u, v) <= size / 2) dab(drawing, px, py, value);
  }
}

const isEmpty = ({drawing}) => !drawing.pixels.some(Boolean);
const isThere = (sketch) => !isEmpty(sketch) && sketch.frame >= sketch.drawing.first
  && sketch.frame <= sketch.drawing.last;

// The middle of the figure in the frame in view, and the tip of the arrow of its way.
function arrowOf({drawing, frame, unit}) {
  const angle = (drawing.heading * Math.PI) / 180, length = 6 * unit + AHEAD * drawing.speed;
  const [x, y] = placeAt(drawing, frame).map((v, k) => v + drawing[["width", "height"][k]] / 2);
  return {middle: [x, y], tip: [x + length * Math.cos(angle), y + length * Math.sin(angle)]};
}

// Turn and speed up the figure so that the arrow ends here.
function aim(sketch, [x, y]) {
  const {middle} = arrowOf(sketch), dx = x - middle[0], dy = y - middle[1];
  const speed = Math.round((10 * (Math.hypot(dx, dy) - 6 * sketch.unit)) / AHEAD) / 10;
  const heading = (Math.round((Math.atan2(dy, dx) * 12) / Math.PI) * 15 + 360) % 360;
  turn(sketch, {heading, speed: clamp(speed, 0, MAX_SPEED * sketch.unit)});
}

// Change the way around the place, in whole pixels, that the figure has in the frame in view.
function turn({drawing, frame}, way = {}) {
  const [x, y] = placeAt(drawing, frame).map(Math.round);
  Object.assign(drawing, {x, y, at: frame, ...way});
}

function shift({drawing}, dx, dy) {
  drawing.x += dx;
  drawing.y += dy;
}

// What a hand can do to the figure in the frame in view; after each act it calls `changed`.
function handOf(sketch, say, changed) {
  let grip = null; // where the pointer was last, and whether it holds the arrow
  const {shape: [, H, W], unit, past} = sketch;
  const remember = () => {
    past.push(structuredClone(sketch.drawing));
    if (past.length > 50) past.shift();
  };
  const done = (act) => (...values) => changed(act(...values));
  const remembered = (act) => (...values) => {
    remember();
    return done(act)(...values);
  };
  const cell = () => cellInWords(sketch, say);
  const drag = done((to) => {
    const [dx, dy] = to.map((v, k) => Math.floor(v) - Math.floor(grip.from[k]));
    const n = Math.max(Math.abs(dx), Math.abs(dy), 1);
    if (grip.aims) aim(sketch, to);
    else if (sketch.tool === "move") shift(sketch, dx, dy);
    else for (let i = n; i--;) stamp(sketch, [to[0] - (dx * i) / n, to[1] - (dy * i) / n]);
    grip.from = to;
  });
  const complain = done(() => (isEmpty(sketch)
    ? say("Nothing is painted yet: take the brush, or a ready figure.")
    : say("The figure is there from frame {first} to {last}: go there to move it.",
      sketch.drawing)));
  function press(from) {
    if (sketch.tool === "move" && !isThere(sketch)) return complain();
    remember();
    const {tip: [x, y]} = arrowOf(sketch), isNear = Math.hypot(from[0] - x, from[1] - y) < 5 * unit;
    grip = {from, aims: sketch.tool === "move" && isNear};
    sketch.cursor = from.map(Math.floor);
    return drag(from);
  }
  const paint = remembered(() => { stamp(sketch, sketch.cursor); return cell(); });
  const move = remembered((dx, dy) => {
    shift(sketch, dx, dy);
    return say("figure at column {x}, row {y}", sketch.drawing);
  });
  const walk = done((dx, dy) => {
    const [x, y] = sketch.cursor;
    sketch.cursor = [clamp(x + dx, 0, W - 1), clamp(y + dy, 0, H - 1)];
    return cell();
  });
  function step(dx, dy, isShifted) {
    if (sketch.tool === "move" && !isThere(sketch)) return complain();
    if (sketch.tool === "move") return isShifted ? move(5 * dx, 5 * dy) : move(dx, dy);
    walk(dx, dy);
    return isShifted && paint();
  }
  const set = done((changes) => { Object.assign(sketch.drawing, changes); });
  const replace = remembered((other, words) => {
    sketch.drawing = structuredClone(other);
    return words;
  });
  function choose(name, {width, height, pixels}) {
    const {drawing, frame} = sketch;
    sketch.tool = "move";
    const x = (W - width) >> 1, y = Math.round(0.62 * H) - (height >> 1);
    const span = {first: Math.min(drawing.first, frame), last: Math.max(drawing.last, frame)};
    replace({...drawing, ...span, x, y, at: frame, width, height, pixels},
      say("Drag it into place, and the tip of its arrow; or use the arrow keys."));
  }
  const undo = done(() => {
    if (!past.length) return say("Nothing to undo.");
    sketch.drawing = past.pop();
    return say("Undone.");
  });
  return {
    press, paint, step, set, replace, choose, undo,
    drag: (to) => { if (grip) drag(to); },
    release() { grip = null; },
    turn: done((way) => turn(sketch, way)),
    hold: done((changes) => { Object.assign(sketch, changes); }),
    clear: remembered(() => {
      Object.assign(sketch.drawing, {width: 0, height: 0, pixels: []});
      return say("Cleared.");
    }),
  };
}

function cellInWords({drawing, frame, cursor: [x, y]}, say) {
  const [left, top] = placeAt(drawing, frame).map(Math.round);
  const isInside = x >= left && x < left + drawing.width && y >= top;
  const isPainted = isInside && drawing.pixels[(y - top) * drawing.width + x - left];
  const what = isPainted ? say("painted") : say("not painted");
  return say("column {x}, row {y}: {what}", {x, y, what});
}
