// One episode as a grid: support and query of every task, and where on the film they lie.
// Python samples it, by seed.

const PART = {support: "#0072B2", query: "#009E73", shared: "#D55E00"};

function render({model, el}) {
  const say = sayIn(model);
  const isLive = "send" in model; // a static page has nobody to sample another episode
  const report = node("output", {class: "vk-status", role: "status"});
  const problem = node("p", {class: "vk-problem", role: "alert"});
  const tasks = node("div", {});
  const {element: controls, show: showControls, next} = episodeControls(model, isLive, say);
  function showEpisode() {
    const traits = traitsOf(model);
    tasks.replaceChildren(...traits.rows.map((row) => taskSection(row, traits, say)));
    el.setAttribute("aria-label", traits.alt);
    report.textContent = traits.report;
    showProblem();
    showControls();
  }
  const showProblem = () => { problem.textContent = model.get("problem"); };
  onKeys(el, {Enter: next});
  const ends = [listen(model, ["rows"], showEpisode), listen(model, ["problem"], showProblem)];
  const swatch = (part, text) => node("span", {style: `--colour: ${PART[part]}`}, text);
  const legend = node("div", {class: "vk-legend"}, swatch("support", say("support")),
    swatch("query", say("query")), swatch("shared", say("in both: forbidden")));
  const help = isLive
    ? say("Tab to a slider · ← → move it · Space ticks the box · Enter draws the next episode")
    : say("This is a still page: open the notebook to draw other episodes.");
  fillWidget(el, model, "vk-episode-grid", controls, problem, report, legend, tasks, hint(help));
  showEpisode();
  return inTurn(...ends);
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
  const breakRule = say("break the rule: let the query share frames with the support");
  const element = node("div", {class: "vk-controls"},
    node("label", {}, "N", N.input, N.output), node("label", {}, "K", K.input, K.output),
    seed, node("label", {}, overlap, breakRule));
  return {element, show, next};
}

function taskSection(row, traits, say) {
  const sets = node("div", {class: "vk-sets"},
    samples(row, "support", traits, say), samples(row, "query", traits, say));
  const section = node("section", {class: "vk-task"}, node("h4", {}, row.name), sets);
  if (row.clips.length) section.append(film(row, say));
  return section;
}

const framesOf = ({first, last}) => Array.from({length: last - first + 1}, (_, i) => first + i);

function samples(row, part, {frames, unit}, say) {
  const n = row[part].length;
  const used = new Set(row[part].flatMap((s) => framesOf(s).map((t) => `${s.place} ${t}`)));
  const count = part === "support" ? `K = ${n}` : `${n} ${unit}`;
  const length = row.clips.length ? `, ${used.size} ${say("frames")}` : "";
  const title = node("div", {class: "vk-part"}, `${say(part)}: ${count}${length}`);
  const figures = row[part].map((sample) => sampleFigure(row, part, sample, frames, say));
  const style = `--colour: ${PART[part]}`;
  return node("div", {style}, title, node("div", {class: "vk-samples"}, ...figures));
}

function sampleFigure(row, part, sample, frames, say) {
  const {place, first, last, shared, offset} = sample;
  const lines = row.clips.length ? [place, `${first}-${last}`] : [say("image"), String(first)];
  const caption = `${say(part)}, ${row.name}, ${lines.join(" ")}`;
  const {figure, figcaption, paint} = picture(row.W, row.H, caption, shared ? "vk-shared" : "");
  paint(frames, offset);
  if (shared) {
    lines.push(`✗ ${say("{n} shared", {n: shared})}`);
    figure.style.setProperty("--colour", PART.shared);
  }
  figcaption.replaceChildren(...lines.flatMap((line) => [line, node("br")]));
  return figure;
}

// All training clips of a scene end to end; what support and query share is red and taller.
function film(row, say) {
  const total = row.clips.reduce((sum, [, length]) => sum + length, 0);
  const scale = 1000 / total;
  const label = say("Where on the film of {name} support and query lie", {name: row.name});
  const svg = svgPicture(1000, 36, {class: "vk-film", "aria-label": label});
  const begins = {};
  let at = 0;
  for (const [clip, length] of row.clips) {
    begins[clip] = at;
    svg.append(svgRect(at * scale, 16, length * scale - 3, 14, {fill: COLOUR.grid}));
    svg.append(svgNode("text", {x: at * scale + 2, y: 11}, clip));
    at += length;
  }
  const usedBy = (part) =>
    new Set(row[part].flatMap((s) => framesOf(s).map((t) => begins[s.place] + t)));
  const support = usedBy("support");
  const query = usedBy("query");
  const both = new Set([...support].filter((t) => query.has(t)));
  const bars = (frames, fill, y, height) => {
    const runs = runsOf(Array.from({length: total}, (_, t) => frames.has(t)));
    return runs.map(([first, last]) =>
      svgRect(first * scale, y, (last - first + 1) * scale, height, {fill}));
  };
  svg.append(...bars(query, PART.query, 16, 14), ...bars(support, PART.support, 16, 14),
    ...bars(both, PART.shared, 13, 20));
  return svg;
}
