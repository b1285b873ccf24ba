// The job interview: the same few windows for all, a bet, then what each made of them.

// A candidate keeps colour and sign; purple is that of what was meta-trained.
const LOOKS = [{colour: COLOUR.ink, text: COLOUR.ink, sign: "●"},
  {colour: COLOUR.maml, text: COLOUR.mamlText, sign: "■"},
  {colour: COLOUR.prediction, text: COLOUR.prediction, sign: "▲"}];

function render({model, el}) {
  const say = sayIn(model);
  const {names, about, rounds} = traitsOf(model);
  const title = node("h4", {}), windows = node("div", {class: "vk-job"});
  const news = node("p", {class: "vk-news", role: "status"});
  const tally = node("output", {class: "vk-tally"}), table = node("div", {});
  const next = button(say("Next round (Enter)"), () => goOn(), {class: "vk-next"});
  const cards = names.map((name, i) => candidateCard(name, about[i], i, () => place(i), say));
  const outcome = roundChart(names, rounds, say);
  let bets = [...model.get("bets")];
  let now = Math.min(bets.length, rounds.length - 1);
  let isOpen = bets.length < rounds.length; // for a bet

  function ask() {
    const {name, support, n_query: q} = rounds[now];
    const heading = {n: now + 1, all: rounds.length, place: name};
    title.textContent = say("Round {n} of {all}: a camera at {place}", heading);
    windows.style.setProperty("--k", support.length);
    windows.replaceChildren(...support.map((offset, k) =>
      show(model, rounds[now], offset, `${say("window")} ${k + 1}`, String(k + 1))));
    news.textContent = say("All learn from these {k} windows, then predict {q} others. "
      + "Who predicts best afterwards?", {k: support.length, q});
    for (const card of cards) card.clear();
    outcome.clear();
    next.textContent = say("Next round (Enter)");
    next.disabled = true;
    count();
  }
  function place(i) {
    if (!isOpen) return;
    isOpen = false;
    bets = [...bets, names[i]];
    tellPython(model, {bets});
    reveal();
  }
  function reveal() {
    const round = rounds[now], best = winner(round, "after"), bet = names.indexOf(bets[now]);
    cards.forEach((card, i) =>
      card.reveal(resultFigures(model, round, i, say), i === best, i === bet));
    outcome.show(round);
    news.textContent = verdict(round, names, bet === best, say);
    next.disabled = false;
    const isLast = now + 1 === rounds.length;
    next.textContent = isLast ? say("Play again (Enter)") : say("Next round (Enter)");
    count();
    const focused = document.activeElement; // elsewhere on the page it is not taken away
    if (el.contains(focused) || focused === document.body) next.focus();
  }
  function count() {
    const played = rounds.slice(0, bets.length);
    const right = played.filter((round, r) => names[winner(round, "after")] === bets[r]).length;
    tally.textContent = say("Your bets: {right} of {n} right", {right, n: bets.length});
    table.replaceChildren(winsTable(names, played, say));
  }
  function goOn() {
    if (isOpen) return;
    isOpen = true;
    now = (now + 1) % rounds.length;
    if (now === 0) {
      bets = [];
      tellPython(model, {bets});
    }
    ask();
    cards[0].bet.focus();
  }
  const bet = (i) => () => i < names.length && place(i);
  onKeys(el, {1: bet(0), 2: bet(1), 3: bet(2), Enter: goOn});
  fillWidget(el, model, "vk-interview", title, windows, news,
    node("div", {class: "vk-candidates"}, ...cards.map((card) => card.element)),
    node("div", {class: "vk-outcome"}, table, outcome.svg),
    node("div", {class: "vk-bar"}, next, tally,
      hint(say("1 to {n} bets · Enter goes on", {n: names.length}))));
  ask();
  if (!isOpen) reveal();
}

function winner(round, when) {
  const psnr = round.results.map((result) => result[`psnr_${when}`]);
  return psnr.indexOf(Math.max(...psnr));
}

function verdict(round, names, isRight, say) {
  const judged = isRight ? `✓ ${say("Good bet.")}` : `✗ ${say("Bad bet.")}`;
  const [first, second] = round.results.map((result) => result.psnr_after).sort((a, b) => b - a);
  const values = {name: names[winner(round, "after")], difference: (first - second).toFixed(1),
    other: names[winner(round, "before")], copied: round.psnr_copied.toFixed(1)};
  const told = say("After learning, {name} is ahead by {difference} dB. (Before: {other}. "
    + "Copying the last frame gets {copied} dB.)", values);
  return `${judged} ${told}`;
}

function show(model, round, offset, caption, short = caption) {
  const {figure, figcaption, paint} = picture(round.W, round.H, caption);
  figcaption.textContent = short;
  paint(traitsOf(model).frames, offset);
  return figure;
}

function resultFigures(model, round, i, say) {
  const result = round.results[i];
  const stages = [["before", say("before")], ["after", say("after")]];
  const figures = stages.map(([when, word]) => {
    const caption = `${word} ${result[`psnr_${when}`].toFixed(1)} dB`;
    return show(model, round, result[when], caption);
  });
  return [...figures, show(model, round, round.truth, say("asked for"))];
}

function candidateCard(name, about, i, onBet, say) {
  const {colour, text, sign} = LOOKS[i];
  const news = node("span"), figures = node("div", {class: "vk-three"});
  const mark = node("span", {style: `color: ${text}`, "aria-hidden": true}, sign);
  const words = say("Bet on {name} ({key})", {name, key: i + 1});
  const bet = button("", onBet, {class: "vk-bet"});
  const card = {class: "vk-candidate", style: `--colour: ${colour}`};
  const element = node("div", card, node("div", {},
    node("h4", {}, mark, ` ${name} `, news), node("p", {}, about), bet), figures);
  function fill(results, isWinner, isBet, isOver) {
    bet.disabled = isOver;
    bet.textContent = isBet ? say("Your bet: {name}", {name}) : words;
    bet.classList.toggle("vk-chosen", isBet);
    news.textContent = isWinner ? `✓ ${say("ahead")}` : "";
    figures.replaceChildren(...results);
    element.classList.toggle("vk-winner", isWinner);
  }
  const blank = () => node("div", {class: "vk-blank", "aria-hidden": true}, "?");
  const clear = () => fill([blank(), blank(), blank()], false, false, false);
  const reveal = (results, isWinner, isBet) => fill(results, isWinner, isBet, true);
  return {element, bet, clear, reveal};
}

// PSNR of all in one round: hollow before learning, filled after; dotted is copying.
function roundChart(names, rounds, say) {
  const title = say("query PSNR (dB): hollow before, filled after learning");
  const {svg, X, rowAt, bottom, middle} = roundScale(names.length, rounds, title);
  const marks = svg.appendChild(svgNode("g"));
  const dotted = {stroke: COLOUR.copying, "stroke-width": 2.5, "stroke-dasharray": "2 4"};
  function copying(x) {
    const isRight = x > middle, text = say("copying the last frame");
    const name = svgText(x + (isRight ? -6 : 6), 14, text, isRight ? "end" : "start");
    return [svgLine(x, 4, x, bottom, dotted), name];
  }
  function change({psnr_before: before, psnr_after: after}, i) {
    const {colour, text} = LOOKS[i], y = rowAt(i), stroke = {stroke: colour, "stroke-width": 2.5};
    const letter = svgText(22, y + 5, names[i][0], "end", {fill: text});
    return [letter, svgLine(X(before), y, X(after), y, stroke),
      shape(i, X(before), y, {...stroke, fill: COLOUR.paper}),
      shape(i, X(after), y, {...stroke, fill: colour})];
  }
  function clear() {
    marks.replaceChildren();
    svg.setAttribute("aria-label", title);
  }
  function show({results, psnr_copied: copied}) {
    marks.replaceChildren(...copying(X(copied)), ...results.flatMap(change));
    const values = results.map((r, i) =>
      `${names[i]} ${r.psnr_before.toFixed(1)} → ${r.psnr_after.toFixed(1)} dB`);
    svg.setAttribute("aria-label", `${title}: ${values.join(", ")}`);
  }
  return {svg, clear, show};
}

// An empty chart with a row for each candidate, and one scale for all rounds.
function roundScale(n, rounds, title) {
  const left = 42, right = 482, top = 18, row = 25, bottom = top + row * n + 4;
  const svg = svgPicture(500, bottom + 36), middle = (left + right) / 2;
  const [low, high] = extent(rounds.flatMap(({results, psnr_copied: copied}) =>
    [copied, ...results.flatMap((r) => [r.psnr_before, r.psnr_after])]));
  const X = (v) => left + ((v - low) * (right - left)) / (high - low || 1);
  for (const v of ticks(low, high, 6)) {
    svg.append(svgLine(X(v), top, X(v), bottom, {stroke: COLOUR.grid}),
      svgText(X(v), bottom + 15, String(+v.toFixed(2))));
  }
  svg.append(svgText(middle, bottom + 31, title));
  return {svg, X, rowAt: (i) => top + row * (i + 0.5), bottom, middle};
}

// Circle, square or triangle.
function shape(i, x, y, style) {
  if (i === 0) return svgNode("circle", {cx: x, cy: y, r: 5.5, ...style});
  if (i === 1) return svgRect(x - 5, y - 5, 10, 10, style);
  return svgNode("path", {d: `M${x} ${y - 6.5}l6.5 11.5h-13z`, ...style});
}

function winsTable(names, played, say) {
  const titles = [say("rounds won"), say("before learning"), say("after learning")];
  const wins = (i, when) => played.filter((round) => winner(round, when) === i).length;
  const rows = names.map((name, i) => {
    const mark = node("span", {style: `color: ${LOOKS[i].text}`, "aria-hidden": true},
      `${LOOKS[i].sign} `);
    return node("tr", {}, node("th", {scope: "row"}, mark, name),
      ...["before", "after"].map((when) => node("td", {}, String(wins(i, when)))));
  });
  const head = node("tr", {}, ...titles.map((text) => node("th", {scope: "col"}, text)));
  return node("table", {class: "vk-rounds"}, head, ...rows);
}
