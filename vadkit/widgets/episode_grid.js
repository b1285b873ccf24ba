// One episode as a grid: support and query of every task, and where on the film they lie. Python draws it, by seed.

const PART = {support: "#0072B2", query: "#009E73", shared: "#D55E00"};

function render({model, el}) {
  const say = sayIn(model), live = "send" in model; // a static page has nobody to draw another episode
  const slider = (name, most) => {
    const input = node("input", {type: "range", min: 1, max: most, step: 1, class: `vk-${name}`}), shown = node("output");
    input.addEventListener("input", () => tell(name, +input.value));
    return {input, shown, show() { input.value = model.get(name), shown.textContent = model.get(name); }};
  };
  const N = slider("n_way", model.get("max_way")), K = slider("k_shot", model.get("max_shot"));
  const seed = node("button", {type: "button", class: "vk-seed"}), overlap = node("input", {type: "checkbox", class: "vk-overlap"});
  const report = node("output", {class: "vk-status", role: "status"}), problem = node("p", {class: "vk-problem", role: "alert"});
  const tasks = node("div", {});
  const controls = [N.input, K.input, seed, overlap];
  controls.forEach((control) => { control.disabled = !live; });

  function tell(name, value) {
    model.set(name, value), model.save_changes();
    showControls();
  }
  function showControls() {
    N.show(), K.show();
    seed.textContent = `${say("New episode (Enter)")}: ${say("seed")} ${model.get("seed")}`;
    overlap.checked = model.get("overlap");
  }
  function samples(row, part, frames) {
    const n = row[part].length, spent = new Set(row[part].flatMap((s) => rangeOf(s).map((t) => `${s.place} ${t}`))).size;
    const title = `${say(part)}: ${part === "support" ? `K = ${n}` : `${n} ${model.get("unit")}`}` + (row.clips.length ? `, ${spent} ${say("frames")}` : "");
    const pictures = row[part].map((s) => {
      const where = row.clips.length ? [s.place, `${s.first}-${s.last}`] : [say("image"), String(s.first)];
      const p = picture(row.W, row.H, `${say(part)}, ${row.name}, ${where.join(" ")}`, s.shared ? "vk-shared" : "");
      p.paint(frames, s.offset);
      if (s.shared) where.push(`✗ ${say("{n} shared", {n: s.shared})}`), p.figure.style.setProperty("--colour", PART.shared);
      p.figcaption.replaceChildren(...where.flatMap((line) => [line, node("br")]));
      return p.figure;
    });
    return node("div", {style: `--colour: ${PART[part]}`}, node("div", {class: "vk-part"}, title), node("div", {class: "vk-samples"}, ...pictures));
  }
  function draw() {
    const frames = bytesOf(model, "frames");
    tasks.replaceChildren(...model.get("rows").map((row) => node("section", {class: "vk-task"}, node("h4", {}, row.name),
      node("div", {class: "vk-sets"}, samples(row, "support", frames), samples(row, "query", frames)),
      ...(row.clips.length ? [film(row, say)] : []))));
    el.setAttribute("aria-label", model.get("alt"));
    report.textContent = model.get("report");
    problem.textContent = model.get("problem");
    showControls();
  }
  const next = () => { if (live) tell("seed", model.get("seed") + 1); };
  onKeys(el, {Enter: next});
  seed.addEventListener("click", next);
  overlap.addEventListener("change", () => tell("overlap", overlap.checked));
  const refuse = () => { problem.textContent = model.get("problem"); };
  model.on("change:rows", draw), model.on("change:problem", refuse);

  el.classList.add("vadkit", "vk-episode-grid");
  el.setAttribute("role", "group");
  const swatch = (part, text) => node("span", {style: `--colour: ${PART[part]}`}, text);
  el.append(node("div", {class: "vk-controls"}, node("label", {}, "N", N.input, N.shown), node("label", {}, "K", K.input, K.shown), seed,
      node("label", {}, overlap, say("break the rule: let the query share frames with the support"))), problem, report,
    node("div", {class: "vk-legend"}, swatch("support", say("support")), swatch("query", say("query")), swatch("shared", say("in both: forbidden"))),
    tasks, hint(live ? say("Tab to a slider · ← → move it · Space ticks the box · Enter draws the next episode")
      : say("This is a still page: open the notebook to draw other episodes.")));
  draw();
  return () => { model.off("change:rows", draw), model.off("change:problem", refuse); };
}

const rangeOf = (sample) => Array.from({length: sample.last - sample.first + 1}, (_, i) => sample.first + i);

// All training clips of a scene end to end; the frames of support and query coloured, what they share in red and taller.
function film(row, say) {
  const total = row.clips.reduce((sum, [, length]) => sum + length, 0), scale = 1000 / total, begins = {};
  const svg = svgNode("svg", {viewBox: "0 0 1000 36", class: "vk-film", role: "img", "aria-label":
    say("Where on the film of {name} support and query lie", {name: row.name})});
  let at = 0;
  for (const [clip, length] of row.clips) {
    begins[clip] = at;
    svg.append(svgNode("rect", {x: at * scale, y: 16, width: length * scale - 3, height: 14, fill: "#E4E4E4"}));
    svg.append(svgNode("text", {x: at * scale + 2, y: 11}, clip));
    at += length;
  }
  const used = (part) => new Set(row[part].flatMap((s) => rangeOf(s).map((t) => begins[s.place] + t)));
  const support = used("support"), query = used("query"), both = new Set([...support].filter((t) => query.has(t)));
  const bars = (frames, colour, y, height) => runsOf(Array.from({length: total}, (_, t) => frames.has(t))).forEach(([first, last]) =>
    svg.append(svgNode("rect", {x: first * scale, y, width: (last - first + 1) * scale, height, fill: colour})));
  bars(query, PART.query, 16, 14), bars(support, PART.support, 16, 14), bars(both, PART.shared, 13, 20);
  return svg;
}
