// Questions with one right answer each: arrow keys choose, Enter checks, and every answer is explained.

function render({model, el}) {
  const say = sayIn(model), questions = model.get("questions"), unique = Math.random().toString(36).slice(2);
  const tally = node("output", {class: "vk-tally vk-score"});
  const count = () => {
    const chosen = model.get("chosen"), right = questions.filter((q, i) => chosen[i] === q.right).length;
    const answered = chosen.filter((c) => c >= 0).length;
    tally.textContent = answered ? say("{right} of {n} right, {open} still open", {right, n: questions.length, open: questions.length - answered}) : "";
  };
  const cards = questions.map((q, i) => {
    const verdict = node("p", {class: "vk-verdict", role: "status"});
    const button = node("button", {type: "button", class: "vk-check"}, say("Check (Enter)"));
    const radios = q.answers.map(([answer], a) => {
      const radio = node("input", {type: "radio", name: `quiz-${unique}-${i}`, value: a});
      radio.addEventListener("change", () => { button.disabled = false; });
      return {radio, label: node("label", {}, radio, node("span", {}, answer))};
    });
    const show = (a) => {
      const right = a === q.right;
      verdict.textContent = `${right ? `✓ ${say("Right.")}` : `✗ ${say("Not that one.")}`} ${q.answers[a][1]}`;
      card.classList.toggle("vk-right", right);
      card.classList.toggle("vk-wrong", !right);
    };
    const check = () => {
      const a = radios.findIndex(({radio}) => radio.checked);
      if (a < 0) { verdict.textContent = say("Choose an answer first."); return; }
      const chosen = [...model.get("chosen")];
      chosen[i] = a;
      model.set("chosen", chosen), model.save_changes();
      show(a);
      count();
    };
    button.addEventListener("click", check);
    const card = node("fieldset", {class: "vk-question"}, node("legend", {}, `${i + 1}. ${q.question}`),
      ...radios.map(({label}) => label), node("div", {class: "vk-bar"}, button), verdict);
    card.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target.matches("[type=radio]")) event.preventDefault(), check();
    });
    const before = model.get("chosen")[i];
    if (before >= 0) radios[before].radio.checked = true, show(before);
    return card;
  });

  onKeys(el, {});
  el.classList.add("vadkit", "vk-quiz");
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", model.get("alt"));
  el.append(...cards, tally, hint(say("Tab goes to the next question · arrow keys choose · Enter checks")));
  count();
}
