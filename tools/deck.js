// Turns the pages of a deck: one <section> a slide, its .fragment parts one after another.
const sections = [...document.querySelectorAll("section")];
const main = document.querySelector("main");
const footer = document.querySelector("footer");
const counter = footer.querySelector("output");
const sectionName = footer.querySelector("#section");
const notesPanel = document.querySelector("#notes");
let now = 0; // the slide on view
let shown = 0; // how many of its fragments
let speaker = null; // the window with the speaker notes

function fragments() {
  return [...sections[now].querySelectorAll(".fragment")];
}

function fit() {
  const scale = Math.min(innerWidth / 1280, innerHeight / 720);
  const x = (innerWidth - 1280 * scale) / 2;
  const y = (innerHeight - 720 * scale) / 2;
  main.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
  const section = sections[now];
  section.style.zoom = 1;
  if (section.scrollHeight > 720) section.style.zoom = 720 / section.scrollHeight;
  // A smaller zoom leaves a picture more width to grow into, so this may take a few steps.
  for (let step = 0; step < 10 && overflows(section); step++) section.style.zoom *= 0.98;
}

function overflows(section) {
  const bottoms = [...section.children].map((part) => part.getBoundingClientRect().bottom);
  return Math.max(...bottoms) > main.getBoundingClientRect().bottom;
}

// Notes stand after the slide they belong to, and hold until the next ones.
function showNotes() {
  const passed = sections.slice(0, now + 1);
  const notes = passed.flatMap((section) => [...section.querySelectorAll("aside")]).at(-1);
  notesPanel.innerHTML = notes ? notes.innerHTML : notesPanel.dataset.none;
  if (speaker && !speaker.closed) showSpeaker();
}

function showSpeaker() {
  const next = sections[now + 1]?.querySelector("h1, h2, h3, p, .highlight");
  const body = speaker.document.body;
  const time = new Date().toTimeString().slice(0, 5);
  body.innerHTML = `<h1></h1>${notesPanel.innerHTML}<hr><p></p>`;
  body.querySelector("h1").textContent = `${counter.textContent}, ${time}`;
  const preview = next?.textContent.slice(0, 120) ?? "the end";
  body.querySelector("p:last-child").textContent = `Next: ${preview}`;
}

function openSpeaker() {
  speaker = window.open("", "notes", "width=700,height=600");
  if (!speaker) return;
  speaker.document.body.style.font = "18px/1.5 system-ui, sans-serif";
  showNotes();
}

function show(slide, seen = 0) {
  now = Math.min(Math.max(slide, 0), sections.length - 1);
  sections.forEach((section, i) => section.classList.toggle("on", i === now));
  shown = Math.min(Math.max(seen, 0), fragments().length);
  fragments().forEach((part, i) => part.classList.toggle("seen", i < shown));
  counter.textContent = `${now + 1} / ${sections.length}`;
  footer.style.setProperty("--done", (now + 1) / sections.length);
  const passed = sections.slice(0, now + 1);
  const headings = passed.flatMap((section) => [...section.querySelectorAll("h1, h2")]);
  sectionName.textContent = headings.at(-1)?.textContent.replace("¶", "") ?? "";
  history.replaceState(null, "", `#${now + 1}`);
  fit();
  showNotes();
}

function showAddressed() {
  show(parseInt(location.hash.slice(1), 10) - 1 || 0);
}

function forward() {
  if (shown < fragments().length) show(now, shown + 1);
  else if (now + 1 < sections.length) show(now + 1);
}

function back() {
  if (shown > 0) show(now, shown - 1);
  else if (now > 0) show(now - 1, Infinity);
}

function toggleNotes() {
  notesPanel.hidden = !notesPanel.hidden;
}

const actions = {
  ArrowRight: forward,
  ArrowDown: forward,
  PageDown: forward,
  " ": forward,
  Enter: forward,
  ArrowLeft: back,
  ArrowUp: back,
  PageUp: back,
  Backspace: back,
  Home: () => show(0),
  End: () => show(sections.length - 1, Infinity),
  n: toggleNotes,
  s: openSpeaker,
};

function leaveWidget(event) {
  if (event.key === "Escape") document.activeElement.blur();
}

function turnPage(event) {
  const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  const shortcut = event.ctrlKey || event.metaKey || event.altKey;
  const inControl = event.target.matches("a, summary, input, button, select");
  if (!action || shortcut || inControl) return;
  event.preventDefault();
  action();
}

addEventListener("keydown", leaveWidget, true);
addEventListener("keydown", turnPage);
addEventListener("resize", fit);
addEventListener("hashchange", showAddressed);
showAddressed();
