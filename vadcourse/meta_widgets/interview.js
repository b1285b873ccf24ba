// The job interview: the same few windows for all, a bet, then what each made of them.

function render({model, el}) {
  const say = sayIn(model);
  const {names, about, rounds} = traitsOf(model);
  const title = node("h4", {}), windows = node("div", {class: "vk-job"});
  const news = node("p", {class: "vk-news", role: "status"});
  const tally = node("output", {class: "vk-tally"}), table = node("div", {});
  const next = button(say("Next round (Enter)"), () => goOn(), {class: "vk-next"});
  const cards = names.map((name, i) => candidateCard(name, about[i], i, () => place(i), say));
  let bets = [...model.get("bets")];
  let now = Math.min(bets.length, rounds.length - 1);
  let isOpen = bets.length < rounds.length; // for a bet

  function ask() {
    const {name, support, n_query: q} = rounds[now];
    const heading = {n: now + 1, all: rounds.length, place: name};
    title.textContent = say("Round {n} of {all}: a camera at {place}", heading);
    const caption = (k) => `${say("window")} ${k + 1}`;
    const figures = support.map((offset, k) => show(model, rounds[now], offset, caption(k)));
    windows.replaceChildren(...figures);
    news.textContent = say("All learn from these {k} windows, then predict {q} others. "
      + "Who predicts best afterwards?", {k: support.length, q});
    for (const card of cards) card.clear();
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
    const round = rounds[now], best = winner(round, "after");
    cards.forEach((card, i) => card.reveal(resultFigures(model, round, i, say), i === best));
    const isRight = names.indexOf(bets[now]) === best;
    const verdict = isRight ? `✓ ${say("Good bet.")}` : `✗ ${say("Bad bet.")}`;
    const [first, second] = round.results.map((result) => result.psnr_after).sort((a, b) => b - a);
    const values = {name: names[best], difference: (first - second).toFixed(1),
      other: names[winner(round, "before")], copied: round.psnr_copied.toFixed(1)};
    news.textContent = `${verdict} `
      + say("After learning, {name} is ahead by {difference} dB. (Before: {other}. "
        + "Copying the last frame gets {copied} dB.)", values);
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
    node("div", {class: "vk-bar"}, next, tally), table,
    hint(say("1 to {n} bets · Enter goes on", {n: names.length})));
  ask();
  if (!isOpen) reveal();
}

function winner(round, when) {
  const psnr = round.results.map((result) => result[`psnr_${when}`]);
  return psnr.indexOf(Math.max(...psnr));
}

function show(model, round, offset, caption) {
  const {figure, paint} = picture(round.W, round.H, caption);
  paint(traitsOf(model).frames, offset);
  return figure;
}

function resultFigures(model, round, i, say) {
  const result = round.results[i];
  const stages = [["before", say("before")], ["after", say("after")]];
  const figures = stages.map(([when, word]) => {
    const caption = `${word}: ${result[`psnr_${when}`].toFixed(1)} dB`;
    return show(model, round, result[when], caption);
  });
  return [...figures, show(model, round, round.truth, say("asked for"))];
}

function candidateCard(name, about, i, onBet, say) {
  const heading = node("h4", {}, name), figures = node("div", {class: "vk-three"});
  const text = say("Bet on {name} ({key})", {name, key: i + 1});
  const bet = button(text, onBet, {class: "vk-bet"});
  const card = {class: "vk-candidate"};
  const element = node("div", card, heading, node("p", {}, about), bet, figures);
  function fill(results, isWinner, isOver) {
    bet.disabled = isOver;
    heading.textContent = isWinner ? `${name}  ✓ ${say("ahead")}` : name;
    figures.replaceChildren(...results);
    element.classList.toggle("vk-winner", isWinner);
  }
  const clear = () => fill([], false, false);
  return {element, bet, clear, reveal: (results, isWinner) => fill(results, isWinner, true)};
}

function winsTable(names, played, say) {
  const titles = [say("rounds won"), say("before learning"), say("after learning")];
  const wins = (i, when) => played.filter((round) => winner(round, when) === i).length;
  const rows = names.map((name, i) => node("tr", {}, node("th", {scope: "row"}, name),
    ...["before", "after"].map((when) => node("td", {}, String(wins(i, when))))));
  const head = node("tr", {}, ...titles.map((text) => node("th", {scope: "col"}, text)));
  return node("table", {class: "vk-rounds"}, head, ...rows);
}
