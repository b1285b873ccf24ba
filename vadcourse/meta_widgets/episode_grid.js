// One episode as a grid: support and query of every task, and where on the film they lie.
// Python samples it, by seed. A picture's frame says its role, also where the rule is broken.

const AT_ONCE = 5; // rows that fit on a slide; more of them scroll

function render({model, el}) {
  const say = sayIn(model);
  const isLive = "send" in model; // a static page has nobody to sample another episode
  const report = node("output", {class: "vk-status", role: "status"});
  const problem = node("p", {class: "vk-problem", role: "alert"});
  const tasks = node("div", {class: "vk-tasks"});
  const {element: controls, show: showControls, next} = episodeControls(model, isLive, say);
  function showEpisode() {
    const traits = traitsOf(model);
    tasks.replaceChildren(...traits.rows.map((row) => taskSection(row, traits, say)));
    fitRows(tasks, traits.rows, say);
    el.setAttribute("aria-label", traits.alt);
    report.textContent = traits.report;
    showProblem();
    showControls();
  }
  const showProblem = () => { problem.textContent = model.get("problem"); };
  onKeys(el, {Enter: next});
  const ends = [listen(model, ["rows"], showEpisode), listen(model, ["problem"], showProblem)];
  const help = isLive
    ? say("Tab to a slider · ← → move it · Space ticks the box · Enter draws the next episode")
    : say("Run the cell in the notebook to draw other episodes.");
  const head = node("div", {class: "vk-bar"}, report, legend(say));
  fillWidget(el, model, "vk-episode-grid", controls, problem, head, tasks, hint(help));
  showEpisode();
  return inTurn(...ends);
}

function legend(say) {
  const sign = (name, text) => node("span", {class: name}, node("i"), text);
  const both = node("span", {}, node("b", {}, "✗ n"), say("n frames in both: forbidden"));
  return node("div", {class: "vk-legend"}, sign("vk-support", say("support")),
    sign("vk-query", say("query")), both);
}

// As large as the number of rows and of pictures in them allows; the style sheet does the sum.
function fitRows(tasks, rows, say) {
  tasks.style.setProperty("--rows", Math.min(rows.length, AT_ONCE));
  tasks.style.setProperty("--pictures", rows[0].support.length + rows[0].query.length);
  const scrolls = rows.length > AT_ONCE;
  tasks.classList.toggle("vk-many", scrolls);
  const place = {tabindex: 0, role: "region", "aria-label": say("the tasks of the episode")};
  for (const name of Object.keys(place)) tasks.removeAttribute(name);
  if (scrolls) setAttributes(tasks, place);
}

// N, K, the seed and the box that breaks the rule.
function episodeControls(model, isLive, say) {
  function set(name, value) {
    tellPython(model, {[name]: value});
    show();
  }
  const number = (name, max) => {
    const input = slider(`vk-${name}`, null, [1, max], (value) => set(name, value));
    return {name, input, output: node("output")};
  };
  const N = number("n_way", model.get("max_way"));
  const K = number("k_shot", model.get("max_shot"));
  const next = () => { if (isLive) set("seed", model.get("seed") + 1); };
  const seed = button("", next, {class: "vk-seed"});
  const overlap = checkbox({class: "vk-overlap"}, (isOn) => set("overlap", isOn));
  for (const control of [N.input, K.input, seed, overlap]) control.disabled = !isLive;
  function show() {
    for (const {name, input, output} of [N, K]) {
      input.value = model.get(name);
      output.textContent = model.get(name);
    }
    seed.textContent = `${say("New episode (Enter)")}: ${say("seed")} ${model.get("seed")}`;
    overlap.checked = model.get("overlap");
  }
  const breakRule = say("break the rule: share frames");
  const element = node("div", {class: "vk-controls"},
    node("label", {}, "N", N.input, N.output), node("label", {}, "K", K.input, K.output),
    seed, node("label", {}, overlap, breakRule));
  return {element, show, next};
}

// Its name and numbers, its pictures, and the film below them.
function taskSection(row, traits, say) {
  const sets = ["support", "query"].map((part) => samples(row, part, traits.frames, say));
  const numbers = ["support", "query"].map((part) =>
    node("div", {class: "vk-part"}, inNumbers(row, part, traits.unit, say)));
  return node("section", {class: row.clips.length ? "vk-task vk-filmed" : "vk-task"},
    node("div", {class: "vk-about"}, node("h4", {}, row.name), ...numbers),
    node("div", {class: "vk-sets"}, ...sets),
    ...(row.clips.length ? [film(row, say)] : []));
}

const framesOf = ({first, last}) => Array.from({length: last - first + 1}, (_, i) => first + i);

function inNumbers(row, part, unit, say) {
  const n = row[part].length;
  const used = new Set(row[part].flatMap((s) => framesOf(s).map((t) => `${s.place} ${t}`)));
  const count = part === "support" ? `K = ${n}` : `${n} ${unit}`;
  const length = row.clips.length ? `, ${used.size} ${say("frames")}` : "";
  return `${say(part)}: ${count}${length}`;
}

function samples(row, part, frames, say) {
  const figures = row[part].map((sample) => sampleFigure(row, part, sample, frames, say));
  return node("div", {class: `vk-set vk-${part}`},
    node("div", {class: "vk-role"}, say(part)), node("div", {class: "vk-samples"}, ...figures));
}

function sampleFigure(row, part, sample, frames, say) {
  const {place, first, last, shared, offset} = sample;
  const lines = row.clips.length ? [place, `${first}-${last}`] : [say("image"), String(first)];
  const inBoth = shared ? [say("{n} frames in both", {n: shared})] : [];
  const caption = [say(part), row.name, lines.join(" "), ...inBoth].join(", ");
  const {figure, figcaption, paint} = picture(row.W, row.H, caption, shared ? "vk-shared" : "");
  paint(frames, offset);
  if (row.W > 40) figure.classList.add("vk-smooth"); // it is shown smaller than it is
  if (shared) figure.append(node("b", {"aria-hidden": true}, `✗ ${shared}`));
  figcaption.replaceChildren(...lines.map((line) => node("span", {}, line)));
  return figure;
}

// All training clips of a scene end to end: support above, query below, hatched where both are.
function film(row, say) {
  const total = row.clips.reduce((sum, [, length]) => sum + length, 0);
  const label = say("Where on the film of {name} support and query lie", {name: row.name});
  const svg = svgNode("svg", {viewBox: `0 0 ${total} 14`, preserveAspectRatio: "none",
    role: "img", "aria-label": label});
  const begins = {};
  let end = 0;
  for (const [clip, length] of row.clips) {
    begins[clip] = end;
    svg.append(svgRect(end, 1, length - 1, 12, {fill: COLOUR.grid}));
    end += length;
  }
  const usedBy = (part) =>
    new Set(row[part].flatMap((s) => framesOf(s).map((t) => begins[s.place] + t)));
  const support = usedBy("support"), query = usedBy("query");
  const runs = (isUsed) => runsOf(Array.from({length: total}, (_, t) => isUsed(t)));
  const bar = (y, fill) => ([first, last]) => svgRect(first, y, last - first + 1, 6, {fill});
  svg.append(...runs((t) => support.has(t)).map(bar(1, COLOUR.prediction)),
    ...runs((t) => query.has(t)).map(bar(7, COLOUR.correct)),
    ...runs((t) => support.has(t) && query.has(t)).map(hatched));
  const names = row.clips.map(([clip, length]) => node("span", {style: `flex: ${length}`}, clip));
  return node("div", {class: "vk-film"}, node("div", {}, ...names), svg);
}

// A frame in ink, and strokes two film frames apart, which keep their width on any page.
function hatched([first, last]) {
  const length = (last - first) >> 1;
  const strokes = Array.from({length}, (_, i) => `M${first + 2 * (i + 1)} 0V14`).join("");
  const outline = `M${first} 0H${last + 1}V14H${first}Z`;
  return svgNode("path", {d: outline + strokes, fill: "none", stroke: COLOUR.ink,
    "stroke-width": 1.2, "vector-effect": "non-scaling-stroke"});
}
