// The boar at every capacity: truth | prediction | error, and below them the PSNR of normal frames
// and of the boar against width.

function render({model, el}) {
  const say = sayIn(model);
  const {shape: [T], kept, networks} = traitsOf(model);
  const variants = [...new Set(networks.map((network) => network.variant))];
  const rowOf = (name) =>
    networks.filter((n) => n.variant === name).sort((a, b) => a.width - b.width);
  const panels = boarPanels(traitsOf(model), say);
  const plot = widthsPlot(networks, Math.max(...variants.map((name) => rowOf(name).length)), say);
  const status = node("output", {class: "vk-status"}), tally = node("output", {class: "vk-tally"});
  const buttons = variants.map((name, i) =>
    button(`${i + 1}: ${say(name)}`, () => choose(name, width), {class: "vk-variant"}));
  const name = say("capacity: width of the network"), last = plot.count - 1;
  const widthSlider = slider("vk-capacity-slider", name, [0, last], (i) => chooseNumber(i));
  alignSlider(widthSlider, plot.X(0), plot.X(last), plot.width);
  const frameSlider = slider("vk-short vk-film", say("frame"), [0, T - 1], (i) => goTo(i));

  let {variant, width, frame} = traitsOf(model);
  const here = () => rowOf(variant).find((network) => network.width === width);
  function showNetwork() {
    const row = rowOf(variant), number = row.indexOf(here());
    plot.show(row, number);
    widthSlider.max = row.length - 1;
    widthSlider.value = number;
    status.textContent = networkInWords(here(), say);
    widthSlider.setAttribute("aria-valuetext", status.textContent);
    plot.svg.setAttribute("aria-label", status.textContent);
    buttons.forEach((b, i) => b.setAttribute("aria-pressed", String(variants[i] === variant)));
    showFrame();
  }
  function showFrame() {
    const number = kept.indexOf(frame);
    panels.show(here(), number);
    tally.textContent = panels.inWords(here(), number);
    frameSlider.value = number;
    frameSlider.setAttribute("aria-valuetext", tally.textContent);
  }
  function choose(newVariant, newWidth, tell = true) {
    variant = newVariant;
    width = (rowOf(variant).find((n) => n.width === newWidth) ?? rowOf(variant)[0]).width;
    showNetwork();
    if (tell) tellPython(model, {variant, width});
  }
  function chooseNumber(number) {
    const row = rowOf(variant);
    choose(variant, row[clamp(number, 0, row.length - 1)].width);
  }
  function setFrame(number, tell = true) {
    frame = kept[clamp(number, 0, T - 1)];
    showFrame();
    if (tell) tellPython(model, {frame});
  }

  const film = player(say, 4, () => setFrame((kept.indexOf(frame) + 1) % T));
  const goTo = film.pausing((number) => setFrame(number));
  const go = (change) => () => goTo(kept.indexOf(frame) + change);
  const widen = (change) => () => chooseNumber(rowOf(variant).indexOf(here()) + change);
  const numberKeys = variants.map((chosen, i) => [i + 1, () => choose(chosen, width)]);
  onKeys(el, {
    ArrowLeft: widen(-1), ArrowRight: widen(1), Home: widen(-99), End: widen(99), PageUp: go(-1),
    PageDown: go(1), " ": film.toggle, ...Object.fromEntries(numberKeys),
  });
  film.button.addEventListener("click", film.toggle);
  panels.element.addEventListener("click", () => widthSlider.focus({preventScroll: true}));
  const readModel = () => {
    const wanted = traitsOf(model);
    const isNew = wanted.variant !== variant || wanted.width !== width;
    if (isNew) choose(wanted.variant, wanted.width, false);
    if (wanted.frame !== frame) setFrame(kept.indexOf(wanted.frame), false);
  };

  fillWidget(el, model, "vk-capacity", panels.element, tally, plot.svg, widthSlider,
    node("div", {class: "vk-bar"}, ...buttons, status),
    node("div", {class: "vk-bar"}, film.button, node("label", {}, say("frame"), frameSlider)),
    hint(say("← → capacity · 1 2 3 which network · Page Up / Down frame · Space plays")));
  choose(variant, width, false);
  return inTurn(film.stop, listen(model, ["variant", "width", "frame"], readModel));
}

function boarPanels(traits, say) {
  const {shape: [, H, W], frames, predictions, kept, labels} = traits;
  const heat = errorTable(traits);
  const truth = picture(W, H, say("ground truth"));
  const prediction = picture(W, H, say("prediction"));
  const error = picture(W, H, say("error"));
  const figures = [truth, prediction, error].map((p) => p.figure);
  const show = (network, number) => {
    const truthAt = number * H * W, at = network.offset + truthAt;
    truth.paint(frames, truthAt);
    prediction.paint(predictions, at);
    error.paintDifference(frames, truthAt, predictions, at, heat);
  };
  const inWords = (network, number) => [
    `${say("frame")} ${kept[number]}`,
    labels[number] ? say("the boar is here") : say("normal"),
    `PSNR ${network.psnr[number].toFixed(1)} dB`,
  ].join("  ·  ");
  return {element: node("div", {class: "vk-pictures vk-wide-three"}, ...figures), show, inWords};
}

const gapOf = (network) => (network.psnr_normal - network.psnr_boar).toFixed(1);

function networkInWords(network, say) {
  const {variant, width} = network;
  const values = {
    variant: say(variant), width, parameters: network.parameters.toLocaleString("en"),
    normal: network.psnr_normal.toFixed(1), boar: network.psnr_boar.toFixed(1), gap: gapOf(network),
  };
  return say("{variant}, width {width}, {parameters} parameters: normal frames {normal} dB, "
    + "boar {boar} dB, gap {gap} dB.", values);
}

// One scale for all variants, so that they can be compared when one switches between them.
function widthsPlot(networks, count, say) {
  const [least, most] = extent(networks.flatMap((n) => [n.psnr_normal, n.psnr_boar]));
  const size = {width: 900, height: 220, right: 60, top: 16, bottom: 40};
  const area = plotArea(size, least - 0.6, most + 0.6);
  const X = (i) => area.left + ((i + 0.5) * (area.right - area.left)) / count;
  const svg = svgPicture(area.width, area.height);
  const axis = svgNode("g"), lines = svgNode("g");
  svg.append(axis, lines);
  ticksY(axis, area, ticks(area.low, area.high, 5));
  axis.append(titleY((area.top + area.bottom) / 2, "PSNR (dB)"));
  axis.append(titleX(area, say("width of the network")));
  const show = (row, number) => {
    lines.replaceChildren();
    const plot = (key, style) => plotWidths(lines, {...area, X}, row, number, key, style);
    plot("psnr_normal", {name: say("normal"), colour: COLOUR.prediction, dash: "none"});
    const boar = {colour: COLOUR.truth, textColour: COLOUR.truthText, dash: "7 4"};
    plot("psnr_boar", {name: say("boar"), ...boar});
    plotGap(lines, {...area, X}, row, number, say);
  };
  return {svg, X, count, width: area.width, show};
}

function plotWidths(lines, {X, Y}, row, number, key, {name, colour, textColour = colour, dash}) {
  const values = row.map((network) => network[key]);
  const stroke = {stroke: colour, "stroke-width": 2.5, "stroke-dasharray": dash};
  lines.append(svgNode("path", {d: linePath(values, X, Y), fill: "none", ...stroke}));
  values.forEach((v, i) => {
    const r = i === number ? 7 : 4;
    lines.append(svgNode("circle", {cx: X(i), cy: Y(v), r, fill: colour}));
  });
  const end = {x: X(values.length - 1) + 12, y: Y(values.at(-1)) + 4, fill: textColour};
  lines.append(svgNode("text", end, name));
}

// The widths below the plot, and the gap at the chosen one.
function plotGap(lines, {X, Y, bottom}, row, number, say) {
  row.forEach((network, i) => {
    const style = `font-weight: ${i === number ? 700 : 400}`;
    lines.append(svgText(X(i), bottom + 17, String(network.width), "middle", {style}));
  });
  const {psnr_normal: normal, psnr_boar: boar} = row[number];
  const x = X(number), style = {stroke: COLOUR.ink, "stroke-width": 2};
  lines.append(svgLine(x, Y(normal), x, Y(boar), style));
  const place = {x: x + 12, y: Y((normal + boar) / 2) + 4, style: "font-weight: 700"};
  lines.append(svgNode("text", place, say("gap {gap} dB", {gap: gapOf(row[number])})));
}
