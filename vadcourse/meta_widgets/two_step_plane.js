// What is seen of two_step.js: a plane of both weights, with surface, bowls, arrows and texts.

const SCALE = 57; // units of the drawing to one of a weight
const BANDS = 15; // of the surface, between contour lines
const TASK_LEVELS = [0.2, 0.9]; // heights of the contour lines of a task

// half: how far either weight goes from zero.
function plane(title, half) {
  const [width, height] = half.map((v) => 2 * v * SCALE);
  const svg = svgPicture(width, height, {role: "application", tabindex: 0});
  svg.classList.add("vk-plane");
  const layers = ["vk-surface", "vk-bowls", "vk-story"].map((name) => svgNode("g", {class: name}));
  svg.append(svgRect(0, 0, width, height, {class: "vk-high"}), ...layers);
  const far = 1e4; // where a walk that diverges is drawn
  const side = {
    svg, half, width, height, taken: [],
    figure: node("figure", {}, node("figcaption", {}, title), svg),
    at: ([x, y]) => [x + half[0], half[1] - y].map((v) => clamp(v * SCALE, -far, far)),
    weightsAt: ({x, y}) => [x / SCALE - half[0], half[1] - y / SCALE],
    clear() {
      side.story.replaceChildren();
      side.taken = []; // points that a text would hide
    },
  };
  [side.surface, side.bowls, side.story] = layers;
  return side;
}

// The line on which a bowl has this height above its lowest point.
function contour({at}, {centre, hessian: [[a, b], [, d]]}, height) {
  const middle = (a + d) / 2, spread = Math.hypot((a - d) / 2, b); // eigenvalues: middle +- spread
  const angle = ((-Math.atan2(2 * b, a - d) / 2) * 180) / Math.PI;
  const radius = (bend) => SCALE * Math.sqrt((2 * height) / Math.max(bend, 1e-6));
  const transform = `translate(${at(centre)}) rotate(${angle})`;
  return svgNode("ellipse", {rx: radius(middle + spread), ry: radius(middle - spread), transform});
}

// Each band lies over all that are higher, so that the valley gets the darkest.
function plotSurface(side, bowl) {
  const [x, y] = side.half;
  const heights = [[x, y], [x, -y], [-x, y], [-x, -y]].map((corner) => {
    const away = plus(corner, bowl.centre, -1);
    return 0.5 * dot(away, times(bowl.hessian, away));
  });
  const shares = Array.from({length: BANDS - 1}, (_, i) => 1 - (i + 1) / BANDS);
  const top = Math.max(...heights);
  side.surface.replaceChildren(...shares.map((share) => contour(side, bowl, top * share ** 2)));
}

// Two contour lines of each task; those of the active one are solid.
function plotBowls(side, tasks, active) {
  side.bowls.replaceChildren();
  tasks.forEach((task, i) => {
    const [x, y] = side.at(task.centre);
    const group = svgNode("g", i === active ? {class: "vk-active"} : {});
    group.append(...TASK_LEVELS.map((height) => contour(side, task, height)),
      svgNode("circle", {cx: x, cy: y, r: 10}), svgText(x, y + 4.5, TASK_NAMES[i]));
    side.bowls.append(group);
    side.taken.push(...grid(x, y, 10, 10));
  });
}

const grid = (x, y, w, h) => [-1, -0.5, 0, 0.5, 1].flatMap((i) =>
  [-1, 0, 1].map((j) => [x + i * w, y + j * h]));

function plotPath(side, part, path) {
  const points = path.map(side.at), look = {class: `vk-path vk-is-${part}`};
  const dots = points.slice(1, -1).map(([cx, cy]) => svgNode("circle", {cx, cy, r: 2.4}));
  const group = side.story.appendChild(svgNode("g", look));
  group.append(svgNode("polyline", {points: points.join(" ")}), ...dots);
  if (path.length === 1) return;
  const [cx, cy] = points[0];
  group.append(svgNode("circle", {cx, cy, r: 4.5, class: "vk-start"}));
  side.taken.push(...points);
}

// Returned is its text, to be placed when all else is drawn; null where there is none.
// grows, isLate, comesFrom: how it moves when it is new, as in two_step.css.
function plotArrow(side, part, from, change, text, {grows, isLate, isDashed, comesFrom} = {}) {
  const [x, y] = side.at(from), [x1, y1] = side.at(plus(from, change));
  const length = Math.hypot(x1 - x, y1 - y), angle = (Math.atan2(y1 - y, x1 - x) * 180) / Math.PI;
  if (length < 1) return null; // as the inner step for alpha = 0
  const head = Math.min(12, 0.7 * length), shaft = {d: `M0 0H${length - 0.8 * head}`};
  const arrow = svgNode("g", {class: grows ? `vk-grows ${isLate ? "vk-late" : ""}` : ""});
  arrow.append(svgNode("path", {d: `M0 0H${length}`, class: "vk-hit"}),
    svgNode("path", {...shaft, class: "vk-casing"}),
    svgNode("path", {...shaft, class: `vk-shaft ${isDashed ? "vk-dashed" : ""}`}),
    svgNode("path", {d: `M${length} 0l${-head} ${head / 2}v${-head}z`, class: "vk-head"}));
  const turned = svgNode("g", {transform: `translate(${x} ${y}) rotate(${angle})`});
  turned.append(arrow);
  const whole = side.story.appendChild(svgNode("g", {class: "vk-arrow", "data-part": part}));
  whole.append(turned);
  if (comesFrom) travels(whole, side.at(comesFrom), [x, y]);
  const along = (share) => [x + share * (x1 - x), y + share * (y1 - y)];
  for (let share = 0; share <= 1; share += 5 / length) side.taken.push(along(share));
  const tip = [x1, y1], middle = along(0.55);
  return textOf(side, part, text, length > 80 ? [middle, tip] : [tip, middle]);
}

function travels(element, [x0, y0], [x, y]) {
  element.classList.add("vk-travels");
  element.setAttribute("style", `--dx: ${x0 - x}px; --dy: ${y0 - y}px`);
}

// comesFrom: where it was before, if it is to be seen moving.
function plotPoint(side, part, p, text, comesFrom) {
  const [cx, cy] = side.at(p), r = 6;
  const point = side.story.appendChild(svgNode("circle", {cx, cy, r, "data-part": part}));
  side.taken.push(...grid(cx, cy, r, r));
  if (comesFrom) travels(point, side.at(comesFrom), [cx, cy]);
  return textOf(side, part, text, [[cx, cy]]);
}

// What is outside the plane has no text.
function textOf({width, height}, part, text, anchors) {
  const seen = anchors.filter(([x, y]) => x > 0 && x < width && y > 0 && y < height);
  return seen.length ? {part, text, anchors: seen} : null;
}

// A Chinese letter is as wide as two.
const lengthOf = (text) => [...text].reduce((n, letter) => n + (letter > "\u2e80" ? 2 : 1), 0);

// Each text goes where it hides least, and no other text if that can be: around the tip or the
// middle of its arrow, near or further.
function plotLabels(side, labels) {
  const around = [[1, 0], [-1, 0], [0, -1], [0, 1], [0.6, -1], [0.6, 1], [-0.6, -1], [-0.6, 1]];
  const texts = [];
  for (const {part, text, anchors} of labels.filter(Boolean)) {
    const w = 4.5 * lengthOf(text) + 2, h = 8; // half of its size, roughly
    const inside = (x, y) => [clamp(x, w, side.width - w), clamp(y, h + 1, side.height - h - 2)];
    const places = [9, 21, 38].flatMap((gap) => anchors.flatMap(([x, y]) =>
      around.map(([i, j]) => inside(x + i * (w + gap), y + j * (h + gap)))));
    const pointsAt = ([x, y], room) => side.taken.filter((point) =>
      Math.abs(point[0] - x) < w + room && Math.abs(point[1] - y) < h + room).length;
    const textsAt = ([x, y]) => texts.filter((other) =>
      Math.abs(other.x - x) < w + other.w && Math.abs(other.y - y) < 2 * h).length;
    const costs = places.map((at, i) =>
      pointsAt(at, 0) + pointsAt(at, 5) / 20 + 30 * textsAt(at) + i / 20);
    const [x, y] = places[costs.indexOf(Math.min(...costs))];
    side.story.append(svgText(x, y + 4.5, text, "middle", {"data-part": part}));
    texts.push({x, y, w});
  }
}
