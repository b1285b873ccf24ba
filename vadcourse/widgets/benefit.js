// Where does MAML gain on fine-tuning? Two maps over what differs and how many steps there are; the
// sliders and the arrow keys move one cursor in both, and a table says how everybody does there.

const CELL = {width: 82, height: 40, left: 96, top: 30};

function render({model, el}) {
  const say = sayIn(model);
  const {rows, shots, budgets, metrics, methods} = traitsOf(model);
  const at = {row: 0, shot: 0, budget: 0};
  const axes = [["row", "differs", rows], ["shot", "k", shots], ["budget", "steps", budgets]];
  const linesAt = (row, budget) => traitsOf(model).lines.find(([differs, k, steps]) =>
    differs === rows[row] && k === shots[at.shot] && steps === budgets[budget]).slice(3);
  const choose = (changes) => {
    show(changes);
    tellPython(model, Object.fromEntries(axes.map(([key, name, all]) => [name, all[at[key]]])));
  };
  const maps = metrics.map((metric, i) => {
    const gain = (row, budget) => {
      const values = linesAt(row, budget)[i];
      return values[methods.indexOf("MAML")] - values[methods.indexOf("fine-tuned")];
    };
    return gainsMap({metric, rows, budgets, gain, choose, say});
  });
  const sliders = [
    ["row", say("what differs"), rows], ["budget", say("steps"), budgets],
    ["shot", say("windows K"), shots],
  ].map(([key, label, all]) => {
    const input = slider("vk-short", label, [0, all.length - 1], (i) => choose({[key]: i}));
    return {key, label, all, input};
  });
  const status = node("output", {class: "vk-status"});
  const table = detectorTable(metrics, methods, say);

  function show(changes) {
    Object.assign(at, changes);
    for (const [key, , all] of axes) at[key] = clamp(at[key], 0, all.length - 1);
    for (const {key, label, all, input} of sliders) {
      input.value = at[key];
      input.setAttribute("aria-valuetext", `${label}: ${say(String(all[at[key]]))}`);
    }
    maps.forEach((map) => map.show(at));
    table.show(linesAt(at.row, at.budget));
    const values = {differs: say(rows[at.row]), k: shots[at.shot], steps: budgets[at.budget]};
    const where = say("{differs} differs, K = {k}, steps: {steps}", values);
    const gains = maps.map((map) => map.inWords(at)).join(", ");
    status.textContent = `${where}: ${say("MAML minus fine-tuning {gains}", {gains})}`;
  }
  const readModel = () => show(Object.fromEntries(
    axes.map(([key, name, all]) => [key, Math.max(0, all.indexOf(model.get(name)))])));

  const go = (key, change) => () => choose({[key]: at[key] + change});
  onKeys(el, {
    ArrowLeft: go("budget", -1), ArrowRight: go("budget", 1), ArrowUp: go("row", -1),
    ArrowDown: go("row", 1), PageUp: go("shot", 1), PageDown: go("shot", -1),
    Home: go("budget", -99), End: go("budget", 99),
  });
  const labels = sliders.map(({label, input}) => node("label", {}, label, input));
  fillWidget(el, model, "vk-benefit", ...maps.map((map) => map.svg),
    node("div", {class: "vk-bar"}, ...labels), status, table.element,
    hint(say("in a map: click a cell, or ← → steps · ↑ ↓ what differs · Page Up / Down windows")));
  readModel();
  return listen(model, axes.map(([, name]) => name), readModel);
}

// What differs goes down, steps across; purple: MAML is ahead; grey: fine-tuning is.
function gainsMap({metric: [, name, digits], rows, budgets, gain, choose, say}) {
  const {width, height, left, top} = CELL;
  const size = [left + budgets.length * width + 4, top + rows.length * height + 40];
  const svg = svgPicture(...size, {tabindex: 0});
  const title = say("MAML minus fine-tuning: {name}", {name: say(name)});
  const cells = svgNode("g");
  const frame = {fill: "none", stroke: COLOUR.ink, "stroke-width": 3};
  const cursor = svgRect(0, 0, width, height, frame);
  svg.append(svgText(4, 18, title, "start", {style: "font-weight: 650"}), cells, cursor,
    svgText(left, size[1] - 7, say("steps · purple: MAML is ahead, grey: fine-tuning"), "start"));
  budgets.forEach((steps, j) =>
    svg.append(svgText(left + (j + 0.5) * width, top + rows.length * height + 16, String(steps))));
  rows.forEach((row, i) =>
    svg.append(svgText(left - 10, top + (i + 0.6) * height, say(row), "end")));
  svg.addEventListener("pointerdown", (event) => {
    const {x, y} = placeIn(svg, event);
    const budget = Math.floor((x - left) / width), row = Math.floor((y - top) / height);
    if (rows[row] !== undefined && budgets[budget] !== undefined) choose({row, budget});
    svg.focus({preventScroll: true});
    event.preventDefault();
  });
  function worded(value) {
    const shown = Math.abs(value).toFixed(digits);
    return +shown === 0 ? shown : `${value < 0 ? "−" : "+"}${shown}`;
  }
  function show(at) {
    const gains = rows.map((_, i) => budgets.map((_, j) => gain(i, j)));
    const most = Math.max(...gains.flat().map(Math.abs), 1e-9);
    cells.replaceChildren();
    gains.forEach((line, i) => line.forEach((value, j) => {
      const x = left + j * width, y = top + i * height;
      const share = Math.abs(value) / most, hue = value < 0 ? COLOUR.ink : COLOUR.maml;
      const fill = `color-mix(in srgb, ${hue} ${Math.round(85 * share)}%, ${COLOUR.paper})`;
      cells.append(svgRect(x + 1, y + 1, width - 2, height - 2, {fill}));
      const ink = share < 0.5 ? COLOUR.ink : value < 0 ? COLOUR.paper : "#1f1f1f"; // to be read
      const look = {fill: ink, style: "stroke: none"};
      cells.append(svgText(x + width / 2, y + 25, worded(value), "middle", look));
    }));
    setAttributes(cursor, {x: left + at.budget * width, y: top + at.row * height});
    svg.setAttribute("aria-label", `${title}. ${worded(gains[at.row][at.budget])}`);
  }
  const unit = name.includes("dB") ? "dB" : say(name);
  const inWords = ({row, budget}) => `${worded(gain(row, budget))} ${unit}`;
  return {svg, show, inWords};
}

function detectorTable(metrics, methods, say) {
  const head = ["", ...metrics.map(([, name]) => say(name))];
  const header = node("tr", {}, ...head.map((text) => node("th", {scope: "col"}, text)));
  const lines = methods.map((method) => {
    const cells = metrics.map(() => node("td"));
    return {cells, row: node("tr", {}, node("th", {scope: "row"}, say(method)), ...cells)};
  });
  const body = node("tbody", {}, ...lines.map(({row}) => row));
  const show = (values) => lines.forEach(({cells}, i) => cells.forEach((cell, j) => {
    cell.textContent = values[j][i].toFixed(metrics[j][2]);
  }));
  return {element: node("table", {}, node("thead", {}, header), body), show};
}
