// The boar at every capacity: truth | prediction | error, and below them the PSNR of normal frames and of the boar against width.

function render({model, el}) {
  const say = sayIn(model), [T, H, W] = model.get("shape"), size = H * W, kept = model.get("kept"), labels = model.get("labels");
  const frames = bytesOf(model, "frames"), predictions = bytesOf(model, "predictions"), palette = bytesOf(model, "palette");
  const networks = model.get("networks"), variants = [...new Set(networks.map((n) => n.variant))];
  const widthsOf = (variant) => networks.filter((n) => n.variant === variant).sort((a, b) => a.width - b.width);
  const heat = tableOf((difference) => {
    const at = 3 * Math.min(255, Math.round(difference / model.get("error_max")));
    return palette.subarray(at, at + 3);
  });

  const truth = picture(W, H, say("ground truth")), prediction = picture(W, H, say("prediction")), error = picture(W, H, say("error"));
  const pictures = node("div", {class: "vk-pictures vk-wide-three"}, truth.figure, prediction.figure, error.figure);
  const status = node("output", {class: "vk-status"}), tally = node("output", {class: "vk-tally"});
  const slider = node("input", {type: "range", min: 0, step: 1, class: "vk-capacity-slider", "aria-label": say("capacity: width of the network")});
  const frameSlider = node("input", {type: "range", min: 0, max: T - 1, step: 1, class: "vk-threshold vk-film", "aria-label": say("frame")});
  const buttons = variants.map((variant, i) => {
    const button = node("button", {type: "button", class: "vk-variant"}, `${i + 1}: ${say(variant)}`);
    button.addEventListener("click", () => choose(variant, width));
    return button;
  });

  // The chart keeps one scale for all variants, so that switching between them can be compared.
  const wide = 900, high = 220, left = 52, right = 60, top = 16, bottom = 40;
  const all = networks.flatMap((n) => [n.psnr_normal, n.psnr_boar]), least = Math.min(...all) - 0.6, most = Math.max(...all) + 0.6;
  const count = Math.max(...variants.map((v) => widthsOf(v).length));
  const X = (i) => left + ((i + 0.5) * (wide - left - right)) / count;
  const Y = (v) => top + ((most - v) * (high - top - bottom)) / (most - least);
  const svg = svgNode("svg", {viewBox: `0 0 ${wide} ${high}`, class: "vk-chart", role: "img"}), axis = svgNode("g"), lines = svgNode("g");
  svg.append(axis, lines);
  for (const v of ticks(least, most, 5)) {
    axis.append(svgNode("line", {x1: left, x2: wide - right, y1: Y(v), y2: Y(v), stroke: "#E4E4E4"}));
    axis.append(svgNode("text", {x: left - 6, y: Y(v) + 4, "text-anchor": "end"}, String(+v.toFixed(2))));
  }
  axis.append(svgNode("text", {transform: `translate(13 ${(top + high - bottom) / 2}) rotate(-90)`, "text-anchor": "middle"}, "PSNR (dB)"));
  axis.append(svgNode("text", {x: (left + wide - right) / 2, y: high - 6, "text-anchor": "middle"}, say("width of the network")));
  slider.style.marginLeft = `calc(${(100 * X(0)) / wide}% - 8px)`;
  slider.style.width = `calc(${(100 * (X(count - 1) - X(0))) / wide}% + 16px)`;

  let variant, width, frame;
  const here = () => widthsOf(variant).find((n) => n.width === width);
  function drawChart() {
    const row = widthsOf(variant), gap = here().psnr_normal - here().psnr_boar, at = X(row.indexOf(here()));
    lines.replaceChildren();
    for (const [name, text, colour, dash] of [["psnr_normal", say("normal"), COLOUR.normal, "none"], ["psnr_boar", say("boar"), COLOUR.alarm, "7 4"]]) {
      lines.append(svgNode("path", {d: row.map((n, i) => `${i ? "L" : "M"}${X(i)} ${Y(n[name])}`).join(""), fill: "none", stroke: colour,
        "stroke-width": 2.5, "stroke-dasharray": dash}));
      row.forEach((n, i) => lines.append(svgNode("circle", {cx: X(i), cy: Y(n[name]), r: n === here() ? 7 : 4, fill: colour})));
      lines.append(svgNode("text", {x: X(row.length - 1) + 12, y: Y(row.at(-1)[name]) + 4, fill: name === "psnr_boar" ? "#A34700" : colour}, text));
    }
    row.forEach((n, i) => lines.append(svgNode("text", {x: X(i), y: high - bottom + 17, "text-anchor": "middle",
      style: `font-weight: ${n === here() ? 700 : 400}`}, String(n.width))));
    lines.append(svgNode("line", {x1: at, x2: at, y1: Y(here().psnr_normal), y2: Y(here().psnr_boar), stroke: "#000", "stroke-width": 2}));
    lines.append(svgNode("text", {x: at + 12, y: Y((here().psnr_normal + here().psnr_boar) / 2) + 4, style: "font-weight: 700"},
      say("gap {gap} dB", {gap: gap.toFixed(1)})));
    slider.max = row.length - 1;
    slider.value = row.indexOf(here());
    status.textContent = say("{variant}, width {width}, {parameters} parameters: normal frames {normal} dB, boar {boar} dB, gap {gap} dB.", {
      variant: say(variant), width, parameters: here().parameters.toLocaleString("en"), normal: here().psnr_normal.toFixed(1),
      boar: here().psnr_boar.toFixed(1), gap: gap.toFixed(1)});
    slider.setAttribute("aria-valuetext", status.textContent);
    svg.setAttribute("aria-label", status.textContent);
    buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(variants[i] === variant)));
  }
  function drawPictures() {
    const i = kept.indexOf(frame), at = here().offset + i * size, truthAt = i * size;
    truth.paint(frames, truthAt), prediction.paint(predictions, at), error.paintDifference(frames, truthAt, predictions, at, heat);
    tally.textContent = `${say("frame")} ${frame}  ·  ${labels[i] ? say("the boar is here") : say("normal")}  ·  PSNR ${here().psnr[i].toFixed(1)} dB`;
    frameSlider.value = i;
    frameSlider.setAttribute("aria-valuetext", tally.textContent);
  }
  function choose(newVariant, newWidth, tellPython = true) {
    variant = newVariant;
    width = (widthsOf(variant).find((n) => n.width === newWidth) ?? widthsOf(variant)[0]).width;
    drawChart(), drawPictures();
    if (tellPython) model.set("variant", variant), model.set("width", width), model.save_changes();
  }
  function setFrame(i, tellPython = true) {
    frame = kept[clamp(i, 0, T - 1)];
    drawPictures();
    if (tellPython) model.set("frame", frame), model.save_changes();
  }
  const widen = (change) => () => {
    const row = widthsOf(variant);
    choose(variant, row[clamp(row.indexOf(here()) + change, 0, row.length - 1)].width);
  };
  const play = playButton(say), film = player(() => setFrame((kept.indexOf(frame) + 1) % T), 4, play.show);
  const walk = (change) => () => { film.stop(); setFrame(kept.indexOf(frame) + change); };
  onKeys(el, {ArrowLeft: widen(-1), ArrowRight: widen(1), Home: widen(-99), End: widen(99), PageUp: walk(-1), PageDown: walk(1), " ": film.toggle,
    ...Object.fromEntries(variants.map((v, i) => [String(i + 1), () => choose(v, width)]))});
  slider.addEventListener("input", () => choose(variant, widthsOf(variant)[+slider.value].width));
  frameSlider.addEventListener("input", () => { film.stop(); setFrame(+frameSlider.value); });
  play.button.addEventListener("click", film.toggle);
  pictures.addEventListener("click", () => slider.focus({preventScroll: true}));

  el.classList.add("vadkit", "vk-capacity");
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", model.get("alt"));
  el.append(pictures, tally, svg, slider, node("div", {class: "vk-bar"}, ...buttons, status),
    node("div", {class: "vk-bar"}, play.button, node("label", {}, say("frame"), frameSlider)),
    hint(say("← → capacity · 1 2 3 which network · Page Up / Down frame · Space plays")));

  const fromPython = () => {
    if (model.get("variant") !== variant || model.get("width") !== width) choose(model.get("variant"), model.get("width"), false);
    if (model.get("frame") !== frame) setFrame(kept.indexOf(model.get("frame")), false);
  };
  for (const name of ["variant", "width", "frame"]) model.on(`change:${name}`, fromPython);
  variant = model.get("variant"), width = model.get("width"), frame = model.get("frame");
  choose(variant, width, false);
  return () => { film.stop(); for (const name of ["variant", "width", "frame"]) model.off(`change:${name}`, fromPython); };
}
