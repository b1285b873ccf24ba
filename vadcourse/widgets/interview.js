// The job interview: the same few windows for both, a bet, then what each made of them.

function render({model, el}) {
  const say = sayIn(model), frames = bytesOf(model, "frames"), names = model.get("names"), about = model.get("about");
  const rounds = model.get("rounds");
  const title = node("h4", {}), job = node("div", {class: "vk-job"}), news = node("p", {class: "vk-news", role: "status"});
  const tally = node("output", {class: "vk-tally"}), next = node("button", {type: "button", class: "vk-next"}), past = node("div", {});
  const cards = names.map((name, i) => {
    const bet = node("button", {type: "button", class: "vk-bet"}, say("Bet on {name} ({key})", {name, key: i + 1}));
    const shown = node("div", {class: "vk-three"}), words = node("p", {}, about[i]);
    bet.addEventListener("click", () => place(i));
    const head = node("h4", {}, name);
    return {bet, shown, head, card: node("div", {class: "vk-candidate"}, head, words, bet, shown)};
  });
  let bets = [...model.get("bets")], now = Math.min(bets.length, rounds.length - 1), open = bets.length < rounds.length;

  const winner = (round, when) => round.results[0][`psnr_${when}`] >= round.results[1][`psnr_${when}`] ? 0 : 1;
  const show = (round, offset, caption) => {
    const p = picture(round.W, round.H, caption);
    p.paint(frames, offset);
    return p.figure;
  };
  function ask() {
    const round = rounds[now];
    title.textContent = say("Round {n} of {all}: a camera at {place}", {n: now + 1, all: rounds.length, place: round.name});
    job.replaceChildren(...round.support.map((offset, k) => show(round, offset, `${say("window")} ${k + 1}`)));
    news.textContent = say("Both learn from these {k} windows, then predict {q} others. Who predicts better afterwards?",
      {k: round.support.length, q: round.n_query});
    cards.forEach(({bet, shown, card, head}, i) => { bet.disabled = false, head.textContent = names[i], shown.replaceChildren(), card.classList.remove("vk-winner"); });
    next.disabled = true;
    score();
  }
  function place(i) {
    if (!open) return;
    open = false, bets = [...bets, names[i]];
    model.set("bets", bets), model.save_changes();
    reveal();
  }
  function reveal() {
    const round = rounds[now], best = winner(round, "after"), bet = names.indexOf(bets[now]);
    const [a, b] = round.results, difference = Math.abs(a.psnr_after - b.psnr_after).toFixed(1);
    cards.forEach(({bet: button, shown, card, head}, i) => {
      const result = round.results[i], decibel = (when) => `${result[`psnr_${when}`].toFixed(1)} dB`;
      button.disabled = true;
      card.classList.toggle("vk-winner", i === best);
      head.textContent = i === best ? `${names[i]}  ✓ ${say("ahead")}` : names[i];
      shown.replaceChildren(show(round, result.before, `${say("before")}: ${decibel("before")}`),
        show(round, result.after, `${say("after")}: ${decibel("after")}`), show(round, round.truth, say("what came")));
    });
    news.textContent = (bet === best ? `✓ ${say("Good bet.")} ` : `✗ ${say("Bad bet.")} `)
      + say("After learning, {name} is ahead by {difference} dB. (Before: {other}.)", {name: names[best], difference, other: names[winner(round, "before")]});
    next.disabled = false;
    next.textContent = now + 1 < rounds.length ? say("Next round (Enter)") : say("Play again (Enter)");
    score();
    if (el.contains(document.activeElement) || document.activeElement === document.body) next.focus();
  }
  function score() {
    const played = rounds.slice(0, bets.length), wins = (i, when) => played.filter((round) => winner(round, when) === i).length;
    const right = played.filter((round, r) => names[winner(round, "after")] === bets[r]).length;
    tally.textContent = say("Your bets: {right} of {n} right", {right, n: bets.length});
    const cell = (tag, text) => node(tag, tag === "th" ? {scope: "row"} : {}, String(text));
    past.replaceChildren(node("table", {class: "vk-rounds"},
      node("tr", {}, ...[say("rounds won"), say("before learning"), say("after learning")].map((text) => node("th", {scope: "col"}, text))),
      ...names.map((name, i) => node("tr", {}, cell("th", name), cell("td", wins(i, "before")), cell("td", wins(i, "after"))))));
  }
  function goOn() {
    if (open) return;
    open = true;
    if (now + 1 < rounds.length) now += 1;
    else now = 0, bets = [], model.set("bets", bets), model.save_changes();
    ask();
    cards[0].bet.focus();
  }
  next.addEventListener("click", goOn);
  onKeys(el, {1: () => place(0), 2: () => place(1), Enter: goOn});

  el.classList.add("vadkit", "vk-interview");
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", model.get("alt"));
  next.textContent = say("Next round (Enter)");
  el.append(title, job, news, node("div", {class: "vk-candidates"}, ...cards.map(({card}) => card)),
    node("div", {class: "vk-bar"}, next, tally), past, hint(say("1 or 2 bets · Enter goes on")));
  ask();
  if (!open) reveal();
}
