// Looks at JupyterLab's live deck a few times a second: which cells are on the screen? From that
// follow the bar at the bottom of the slide and the window with the speaker notes.

function render({model, el}) {
  const say = sayIn(model);
  const {slides, cells} = traitsOf(model);
  const bar = progressBar(), began = Date.now();
  const status = node("output", {class: "vk-status"}, say("Not presenting."));
  let speaker = null, shown = null;

  function look() {
    const slide = slides[slideOnScreen(cells)];
    bar.show(slide);
    if (slide) shown = slide;
    if (slide) status.textContent = `${slide.notebook}: ${slide.number} / ${slide.of}`;
    if (speaker?.closed) speaker = null;
    if (speaker && shown) showNotes(speaker.document, shown, slides, began, say);
  }
  function open() {
    speaker = window.open("", "vadkit-speaker", "width=900,height=700");
    if (!speaker) status.textContent = say("The browser blocked the window: allow it to open.");
    look();
  }
  fillWidget(el, model, "vk-presenter", node("div", {class: "vk-bar"},
    button(say("Open the speaker window"), open), status),
  hint(say("Then start the deck. The bar at the bottom of each slide says where you are.")));
  const timer = setInterval(look, 200);
  return () => {
    clearInterval(timer);
    bar.element.remove();
  };
}

// The number of the slide of the last cell that the deck shows; undefined when nobody presents.
function slideOnScreen(cells) {
  if (document.body.dataset.jpDeckMode !== "presenting") return undefined;
  const onScreen = document.querySelectorAll(".jp-Deck .jp-deck-mod-onscreen");
  const numbers = [...onScreen].map((cell) => cells[cell.dataset.jpfCellId]);
  return numbers.filter((number) => number !== undefined).at(-1);
}

// It hangs in the page itself, so its style does, too.
function progressBar() {
  const name = node("span"), count = node("span"), done = node("div");
  const attributes = {class: "vk-deck-progress", "aria-hidden": "true"};
  const element = node("div", attributes, name, count, done);
  element.style = "position: fixed; inset: auto 0 0 0; z-index: 10000; display: none; gap: 24px; "
    + "justify-content: flex-end; padding: 0 16px 8px; font: 14px system-ui, sans-serif; "
    + "color: var(--jp-ui-font-color1, #333); pointer-events: none;";
  done.style = "position: absolute; left: 0; bottom: 0; height: 4px; background: #0072b2;";
  document.body.append(element);
  const show = (slide) => {
    element.style.display = slide ? "flex" : "none";
    if (!slide) return;
    name.textContent = slide.section;
    count.textContent = `${slide.number} / ${slide.of}`;
    done.style.width = `${(100 * slide.number) / slide.of}%`;
  };
  return {element, show};
}

function showNotes(page, slide, slides, began, say) {
  const at = slides.indexOf(slide), inNotebook = (other) => other?.notebook === slide.notebook;
  const before = slides.slice(0, at + 1).filter((other) => inNotebook(other));
  const {notes = []} = before.findLast((other) => other.notes.length) ?? {}; // they hold on
  const next = inNotebook(slides[at + 1]) ? slides[at + 1].title : say("the end");
  const minutes = Math.floor((Date.now() - began) / 60000);
  const time = new Date().toTimeString().slice(0, 5);
  const clock = `${time}  ·  ${say("{n} minutes gone", {n: minutes})}`;
  const key = `${at} ${clock}`;
  if (page.body.dataset.key === key) return;
  page.body.dataset.key = key;
  page.title = say("Speaker notes");
  page.body.style = "font: 20px/1.5 system-ui, sans-serif; margin: 24px; max-width: 70ch;";
  const lines = notes.map(([what, text]) => node("p", {}, node("strong", {}, `${what} `), text));
  page.body.replaceChildren(
    node("p", {style: "float: right; font-variant-numeric: tabular-nums"}, clock),
    node("p", {}, `${slide.number} / ${slide.of}  ·  ${slide.section}`), ...lines,
    node("hr"), node("p", {}, node("strong", {}, `${say("Next")}: `), next));
}
