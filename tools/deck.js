// Turns the pages of a deck: one <section> a slide, its .fragment parts one after another.
const sections = [...document.querySelectorAll("section")], main = document.querySelector("main");
const counter = document.querySelector("footer output"), panel = document.querySelector("#notes");
let now = 0, shown = 0, speaker = null;

const fragments = () => [...sections[now].querySelectorAll(".fragment")];

function fit() {
  const scale = Math.min(innerWidth / 1280, innerHeight / 720);
  main.style.transform = `translate(${(innerWidth - 1280 * scale) / 2}px, ${(innerHeight - 720 * scale) / 2}px) scale(${scale})`;
  const section = sections[now];
  section.style.zoom = 1;
  if (section.scrollHeight > 720) section.style.zoom = 720 / section.scrollHeight;
  const over = () => Math.max(...[...section.children].map((part) => part.getBoundingClientRect().bottom)) > main.getBoundingClientRect().bottom;
  for (let more = 0; more < 10 && over(); more++) section.style.zoom *= 0.98;  // a smaller zoom leaves a picture more width to grow into
}

function notes() {
  // Notes stand after the slide they belong to, and hold until the next ones.
  const spoken = sections.slice(0, now + 1).flatMap((section) => [...section.querySelectorAll("aside")]).at(-1);
  const text = spoken ? spoken.innerHTML : "No notes yet.";
  panel.innerHTML = text;
  if (speaker && !speaker.closed) {
    const next = sections[now + 1]?.querySelector("h1, h2, h3, p, .highlight")?.textContent.slice(0, 120) ?? "the end";
    speaker.document.body.innerHTML = `<h1></h1>${text}<hr><p></p>`;
    speaker.document.querySelector("h1").textContent = `${counter.textContent}, ${new Date().toTimeString().slice(0, 5)}`;
    speaker.document.querySelector("p:last-child").textContent = `Next: ${next}`;
  }
}

function show(slide, seen = 0) {
  now = Math.min(Math.max(slide, 0), sections.length - 1);
  sections.forEach((section, i) => section.classList.toggle("on", i === now));
  shown = Math.min(Math.max(seen, 0), fragments().length);
  fragments().forEach((part, i) => part.classList.toggle("seen", i < shown));
  counter.textContent = `${now + 1} / ${sections.length}`;
  history.replaceState(null, "", `#${now + 1}`);
  fit(), notes();
}

const forward = () => shown < fragments().length ? show(now, shown + 1) : now + 1 < sections.length && show(now + 1);
const back = () => shown > 0 ? show(now, shown - 1) : now > 0 && show(now - 1, Infinity);
const openSpeaker = () => {
  speaker = window.open("", "notes", "width=700,height=600");
  if (speaker) speaker.document.body.style.font = "18px/1.5 system-ui, sans-serif", notes();
};
const keys = {
  ArrowRight: forward, ArrowDown: forward, PageDown: forward, " ": forward, Enter: forward,
  ArrowLeft: back, ArrowUp: back, PageUp: back, Backspace: back,
  Home: () => show(0), End: () => show(sections.length - 1, Infinity),
  n: () => { panel.hidden = !panel.hidden; }, s: openSpeaker,
};

addEventListener("keydown", (event) => { if (event.key === "Escape") document.activeElement.blur(); }, true);
addEventListener("keydown", (event) => {
  const action = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!action || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("a, summary, input, button, select")) return;
  event.preventDefault();
  action();
});
addEventListener("resize", fit);
addEventListener("hashchange", () => show(parseInt(location.hash.slice(1), 10) - 1 || 0));
show(parseInt(location.hash.slice(1), 10) - 1 || 0);
