// A U-Net as a U: what every block makes of the frame that the slider stands on. All pictures of a
// frame lie on one page, and are cut out of it when they are shown.

function render({model, el}) {
  const say = sayIn(model);
  const {kept, networks, fps} = traitsOf(model);
  const book = bookOf(traitsOf(model));
  const at = {frame: 0, network: 0, chosen: null}; // chosen: [block, picture], while enlarged
  const status = node("output", {class: "vk-status"});
  const lens = lensOf(book, say, () => close());
  const place = node("div", {class: "vk-u-place"});
  const choice = networkChoice(networks, say, (i) => setNetwork(i));
  const ends = [0, kept.length - 1];
  const frameSlider = slider("vk-frame", say("frame"), ends, (i) => goTo(i));
  alignSlider(frameSlider, 8, 992, 1000);
  let stage;

  function choose(chosen) {
    at.chosen = chosen;
    stage.mark(chosen);
    if (chosen) lens.open(networks[at.network], ...chosen);
    else lens.close();
    lens.show(at.frame);
  }
  // Before or after something that had the focus goes, or the keys would go to the page.
  function keepFocus() {
    const to = at.chosen ? stage.blocks[at.chosen[0]].element : frameSlider;
    to.focus({preventScroll: true});
  }
  function close() {
    if (place.matches(":focus-within")) keepFocus();
    choose(null);
  }
  function setNetwork(i, tell = true) {
    const before = at.chosen && networks[at.network].blocks[at.chosen[0]];
    const hadFocus = place.matches(":focus-within");
    at.network = clamp(i, 0, networks.length - 1);
    stage = uStage(networks[at.network], book, traitsOf(model), say, choose);
    place.replaceChildren(stage.element, lens.element);
    choice.show(at.network);
    showFrame();
    choose(before && sameBlock(networks[at.network], before, at.chosen[1]));
    if (hadFocus) keepFocus();
    if (tell) tellPython(model, {variant: networks[at.network].name});
  }
  function showFrame() {
    stage.show(at.frame);
    lens.show(at.frame);
    frameSlider.value = at.frame;
    status.setAttribute("aria-live", film.isPlaying() ? "off" : "polite");
    status.textContent = frameInWords(traitsOf(model), at, say);
    frameSlider.setAttribute("aria-valuetext", status.textContent);
  }
  function setFrame(i, tell = true) {
    at.frame = clamp(i, 0, kept.length - 1);
    showFrame();
    if (tell) tellPython(model, {frame: kept[at.frame]});
  }

  const film = player(say, fps, () => setFrame((at.frame + 1) % kept.length));
  const goTo = film.pausing((i) => setFrame(i));
  const step = (change) => () => goTo(at.frame + change);
  const walk = (change) => () => choose(stage.neighbour(at.chosen, change));
  const numberKeys = networks.map((_, i) => [i + 1, () => setNetwork(i)]);
  onKeys(el, {
    ...sliderKeys(step), ArrowUp: walk(-1), ArrowDown: walk(1), Escape: close, " ": film.toggle,
    ...Object.fromEntries(numberKeys),
  });
  film.button.addEventListener("click", film.toggle);
  const readModel = () => {
    const {frame, variant} = traitsOf(model);
    const wanted = networks.findIndex(({name}) => name === variant);
    if (wanted >= 0 && wanted !== at.network) setNetwork(wanted, false);
    if (kept.includes(frame) && frame !== kept[at.frame]) setFrame(kept.indexOf(frame), false);
  };

  fillWidget(el, model, "vk-inside", choice.element, place, frameSlider,
    abnormalStrip(traitsOf(model), say), node("div", {class: "vk-bar"}, film.button, status),
    hint(keysInWords(networks.length, say)));
  at.frame = Math.max(0, kept.indexOf(model.get("frame")));
  setNetwork(networks.findIndex(({name}) => name === model.get("variant")), false);
  return inTurn(film.stop, listen(model, ["frame", "variant"], readModel));
}

const sliderKeys = (step) => ({
  ArrowLeft: step(-1), ArrowRight: step(1), PageUp: step(-5), PageDown: step(5), Home: step(-99),
  End: step(99),
});

// Pictures by their numbers; the error is the difference of two.
function bookOf({pixels, places, shape: [, height, width], palette, error_max}) {
  const heat = errorTable({palette, error_max});
  function cut(frame, number) {
    const [x, y, w, h] = places[number], corner = (frame * height + y) * width + x;
    const bytes = new Uint8Array(w * h);
    for (let row = 0; row < h; row++) {
      const from = corner + row * width;
      bytes.set(pixels.subarray(from, from + w), row * w);
    }
    return bytes;
  }
  function canvasOf({at, minus}, name) {
    const image = picture(...places[at].slice(2), name);
    const show = (frame) => (minus === undefined ? image.paint(cut(frame, at))
      : image.paintDifference(cut(frame, at), 0, cut(frame, minus), 0, heat));
    return {canvas: image.figure.firstElementChild, show};
  }
  return {canvasOf};
}

function networkChoice(networks, say, choose) {
  const group = `vk-network-${Math.random().toString(36).slice(2)}`;
  const inputs = networks.map((_, i) => {
    const input = node("input", {type: "radio", name: group});
    input.addEventListener("change", () => choose(i));
    return input;
  });
  const labels = networks.map(({name}, i) => node("label", {}, inputs[i], say(name)));
  const legend = node("legend", {}, say("network"));
  const element = node("fieldset", {class: "vk-networks"}, legend, ...labels);
  // Arrow keys and Space belong to the radio buttons here.
  element.addEventListener("keydown", (event) => {
    if (/^(Arrow.*| )$/.test(event.key)) event.stopPropagation();
  });
  element.hidden = networks.length < 2;
  return {element, show: (chosen) => { inputs[chosen].checked = true; }};
}

// The same block of another network, if it has one.
function sameBlock({blocks}, {kind, level}, picture) {
  const i = blocks.findIndex((block) => block.kind === kind && block.level === level);
  return i < 0 ? null : [i, Math.min(picture, blocks[i].pictures.length - 1)];
}

function frameInWords({kept, labels, kinds, networks}, {frame, network}, say) {
  const kind = kinds[frame] ? ` (${say(kinds[frame])})` : "";
  return [
    `${say("frame")} ${kept[frame]}`,
    ...(labels.length ? [labels[frame] ? say("abnormal") + kind : say("normal")] : []),
    `PSNR ${networks[network].psnr[frame].toFixed(1)} dB`,
  ].join(" · ");
}

const keysInWords = (n, say) => [
  say("← → frame"), say("Space plays"), ...(n > 1 ? [say("1 to {n} which network", {n})] : []),
  say("click a picture, or ↑ ↓, to enlarge it"), say("numbers: channels × height × width"),
].join(" · ");

// Which of the slider's frames are abnormal.
function abnormalStrip({labels, kept}, say) {
  const share = (i) => clamp(0.8 + (98.4 * i) / Math.max(kept.length - 1, 1), 0, 100);
  const runs = runsOf(labels).map(([first, last]) => {
    const left = share(first - 0.5), width = share(last + 0.5) - left;
    return node("span", {style: `left: ${left}%; width: ${width}%`}, say("abnormal"));
  });
  return node("div", {class: "vk-abnormal", "aria-hidden": "true"}, ...runs);
}

// --- The U

const percent = (part, whole) => `${((100 * part) / whole).toFixed(2)}%`;

function placed([x, y, w, h], [left, top, width, height]) {
  const across = `left: ${percent(x - left, width)}; width: ${percent(w, width)}`;
  return `${across}; top: ${percent(y - top, height)}; height: ${percent(h, height)}`;
}

function uStage(network, book, {stage: [width, height]}, say, choose) {
  const whole = [0, 0, width, height];
  const blocks = network.blocks.map((block, i) =>
    blockButton(block, whole, book, say, (number) => choose([i, number])));
  const labels = lineLabels(network, say).map(([x, y, where, text]) => {
    const style = `left: ${percent(x, width)}; top: ${percent(y, height)}`;
    return node("span", {class: `vk-line-label vk-${where}`, style}, text);
  });
  const element = node("div", {class: "vk-u", style: `aspect-ratio: ${width} / ${height}`},
    linesOf(network, width, height, say), ...labels, ...blocks.map(({element: e}) => e));
  const all = network.blocks.flatMap(({pictures}, i) => pictures.map((_, j) => [i, j]));
  const indexOf = (chosen) => all.findIndex(([i, j]) => i === chosen?.[0] && j === chosen[1]);
  function neighbour(chosen, change) {
    const next = all[clamp(chosen ? indexOf(chosen) + change : 0, 0, all.length - 1)];
    blocks[next[0]].element.focus({preventScroll: true});
    return next;
  }
  const show = (frame) => blocks.forEach((block) => block.show(frame));
  const mark = (chosen) =>
    blocks.forEach((block, i) => block.mark(chosen?.[0] === i ? chosen[1] : null));
  return {element, blocks, show, mark, neighbour};
}

// A row of pictures, which is one button: a click enlarges the picture under it, Enter the first.
function blockButton(block, whole, book, say, open) {
  const {kind, box, boxes, pictures} = block;
  const canvases = pictures.map((about, i) => {
    const drawn = book.canvasOf(about, pictureName(block, i, say));
    drawn.canvas.style.cssText = placed(boxes[i], box);
    return drawn;
  });
  const element = button("", ({target}) =>
    open(Math.max(0, canvases.findIndex(({canvas}) => canvas === target))), {
    class: `vk-block vk-${kind}`, style: placed(box, whole), "aria-expanded": "false",
    "aria-label": [blockName(block, say), sizeOf(block), say("enlarge")].join(", "),
  });
  element.append(...canvases.map(({canvas}) => canvas));
  const captions = kind === "input" ? boxes.map((_, i) => [`x${i + 1}`, boxes[i]])
    : [[sizeOf(block) || blockName(block, say), box]];
  for (const [text, [x, y, w, h]] of captions) {
    const style = placed([x, y + h, w, 0], box);
    element.append(node("span", {class: "vk-caption", style}, text));
  }
  if (headings(say)[kind] && !(kind.endsWith("coder") && block.level))
    element.append(node("span", {class: "vk-heading"}, headings(say)[kind]));
  const show = (frame) => canvases.forEach((drawn) => drawn.show(frame));
  function mark(chosen) {
    element.setAttribute("aria-expanded", String(chosen !== null));
    canvases.forEach(({canvas}, i) => canvas.classList.toggle("vk-chosen", i === chosen));
  }
  return {element, show, mark};
}

function linesOf({arrows, skips}, width, height, say) {
  const way = skips ? say("down the encoder, up the decoder, and across by skip connections")
    : say("down the encoder and up the decoder; there are no skip connections");
  const name = {role: "img", "aria-label": say("The way: {way}", {way})};
  const svg = svgNode("svg", {viewBox: `0 0 ${width} ${height}`, ...name});
  for (const [kind, corners] of arrows) {
    const d = `M${corners.map((corner) => corner.join(" ")).join("L")}`;
    svg.append(svgNode("path", {class: `vk-line vk-line-${kind}`, d}));
    const [[x0, y0], [x1, y1]] = corners.slice(-2);
    const turn = (Math.atan2(y1 - y0, x1 - x0) * 180) / Math.PI;
    const transform = kind === "cut" ? `translate(${(x0 + x1) / 2} ${y1})`
      : `translate(${x1} ${y1}) rotate(${turn})`;
    const head = kind === "cut" ? "M-6-6L6 6M-6 6L6-6" : "M0 0L-9-4V4Z";
    svg.append(svgNode("path", {class: `vk-head vk-line-${kind}`, d: head, transform}));
  }
  return svg;
}

// What stands above or below the lines: [x, y, where, text].
function lineLabels({arrows, skips}, say) {
  const found = (wanted) => arrows.find(([kind]) => kind === wanted)?.[1];
  const [[x0, y], [x1]] = found("skip") ?? found("cut");
  const text = skips ? say("skip connection") : say("no skip connection");
  const added = found("add");
  const labels = [[(x0 + x1) / 2, y, "above", text]];
  if (!added) return labels;
  const [[from, low], [to]] = added;
  return [...labels, [(from + to) / 2, low, "below", say("x4 is added: only the change is drawn")]];
}

// --- One picture, large

function lensOf(book, say, close) {
  const frame = node("div", {class: "vk-lens-picture"}), text = node("output");
  const closing = button(say("Close"), close);
  const element = node("section", {class: "vk-lens", "aria-label": say("enlarged")}, frame,
    node("div", {class: "vk-lens-text"}, text, closing));
  let drawn = null;
  function open(network, block, number) {
    const about = network.blocks[block], {low, high} = about.pictures[number];
    drawn = book.canvasOf(about.pictures[number], pictureName(about, number, say));
    frame.replaceChildren(drawn.canvas);
    const {channel} = about.pictures[number], size = {size: sizeOf(about)};
    const sizes = channel !== undefined && say("{size}: channels × height × width", size);
    const values = {low: worded(low), high: worded(high)};
    const range = low !== undefined && say("black {low}, white {high}", values);
    const lines = [sizes, range].filter(Boolean).map((line) => node("span", {}, line));
    text.replaceChildren(node("strong", {}, pictureName(about, number, say)), ...lines,
      node("p", {}, sentenceOf(about, number, network, say)));
    const isLeft = about.box[0] < 560 && about.kind !== "decoder";
    element.className = `vk-lens vk-lens-${isLeft ? "right" : "left"}`;
    element.hidden = false;
  }
  function shut() {
    drawn = null;
    element.hidden = true;
  }
  shut();
  return {element, open, close: shut, show: (number) => drawn?.show(number)};
}

const worded = (value) => String(value ?? "").replace("-", "−");
const sizeOf = ({shape}) => (shape ? shape.join(" × ") : "");

const headings = (say) => ({
  encoder: say("encoder"), decoder: say("decoder"), bottleneck: say("bottleneck"),
  memory: say("memory"), attention: say("attention"), input: say("input"),
});

function blockName({kind, pixels}, say) {
  const ends = {prediction: say("prediction"), truth: say("what came"), error: say("error")};
  const name = headings(say)[kind] ?? ends[kind];
  if (!pixels) return name;
  return pixels === 1 ? say("{name}, full size", {name})
    : say("{name}, 1/{pixels} size", {name, pixels});
}

function pictureName(block, i, say) {
  const name = blockName(block, say), {channel} = block.pictures[i];
  if (block.kind === "input") return `${name} x${i + 1}`;
  if (!block.shape) return name;
  if (channel === undefined) return say("{name}: the slots", {name});
  return say("{name}: channel {channel}", {name, channel});
}

function sentenceOf({kind, level, pixels, shape, pictures}, number, {skips, adds}, say) {
  if (kind === "memory" && pictures[number].channel === undefined)
    return say("Each square is a stored prototype: the brighter, the more of it is read.");
  const values = {pixels, places: shape && shape[1] * shape[2]};
  const decoder = skips
    ? say("Larger again: the maps from below, and detail that comes across by the skip connection.")
    : say("Larger again, from the maps below alone: detail that was lost there stays lost.");
  const last = adds ? say("From these maps the last layer draws the change since x4.")
    : say("From these maps the last layer draws the whole frame.");
  return {
    input: say("The last four frames: all that the network is shown."),
    encoder: level
      ? say("Each place sums up {pixels} × {pixels} pixels: less of where, more of what.", values)
      : say("Edges, light and shade of the four frames, before anything is halved."),
    bottleneck: say("{places} places for the whole frame: no room for fine detail.", values),
    memory: say("Every place, said again as a mixture of prototypes of normal life."),
    attention: say("Every place has looked at all the others."),
    decoder: level ? decoder : last,
    prediction: adds ? say("The next frame as the network expects it: x4 and the change.")
      : say("The next frame as the network expects it."),
    truth: say("The frame that really came next."),
    error: say("How far prediction and truth differ: the brighter, the greater the surprise."),
  }[kind];
}
