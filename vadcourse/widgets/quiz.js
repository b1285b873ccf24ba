// Questions with one right answer each: arrow keys choose, Enter checks, every answer is explained.

function render({model, el}) {
  const say = sayIn(model);
  const {questions} = traitsOf(model);
  const group = Math.random().toString(36).slice(2); // of radio buttons, unlike any other quiz
  const tally = node("output", {class: "vk-tally vk-score"});
  function count() {
    const chosen = model.get("chosen"), n = questions.length;
    const answered = chosen.filter((choice) => choice >= 0).length;
    const right = questions.filter((question, i) => chosen[i] === question.right).length;
    const values = {right, n, open: n - answered};
    tally.textContent = answered ? say("{right} of {n} right, {open} still open", values) : "";
  }
  const cards = questions.map((question, i) => {
    const card = questionCard(question, i, `quiz-${group}-${i}`, say, (choice) => {
      const chosen = [...model.get("chosen")];
      chosen[i] = choice;
      tellPython(model, {chosen});
      count();
    });
    const before = model.get("chosen")[i];
    if (before >= 0) card.show(before);
    return card.element;
  });
  onKeys(el, {});
  fillWidget(el, model, "vk-quiz", ...cards, tally,
    hint(say("Tab goes to the next question · arrow keys choose · Enter checks")));
  count();
}

function questionCard({question, answers, right}, i, name, say, onChoice) {
  const verdict = node("p", {class: "vk-verdict", role: "status"});
  const radios = answers.map((_, value) => node("input", {type: "radio", name, value}));
  const labels = answers.map(([answer], a) =>
    node("label", {}, radios[a], node("span", {}, answer)));
  const check = () => {
    const choice = radios.findIndex((radio) => radio.checked);
    if (choice < 0) {
      verdict.textContent = say("Choose an answer first.");
      return;
    }
    show(choice);
    onChoice(choice);
  };
  const checkButton = button(say("Check (Enter)"), check, {class: "vk-check"});
  const legend = node("legend", {}, `${i + 1}. ${question}`);
  const bar = node("div", {class: "vk-bar"}, checkButton);
  const element = node("fieldset", {class: "vk-question"}, legend, ...labels, bar, verdict);
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches("[type=radio]")) return;
    event.preventDefault();
    check();
  });
  function show(choice) {
    const isRight = choice === right;
    const word = isRight ? `✓ ${say("Right.")}` : `✗ ${say("Not that one.")}`;
    radios[choice].checked = true;
    verdict.textContent = `${word} ${answers[choice][1]}`;
    element.classList.toggle("vk-right", isRight);
    element.classList.toggle("vk-wrong", !isRight);
  }
  return {element, show};
}
