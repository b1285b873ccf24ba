// All pages were cut at their headings into `SECTIONS` (search_data.js). The index is made here,
// in a moment: so it works from a folder, too, where a page may fetch nothing.
const CHINESE = /(\p{Script=Han}+)/u;

// Chinese has no spaces between words: every two letters in a row are one.
function tokenize(text) {
  const pairs = (part) => [...part].slice(0, -1).map((_, i) => part.slice(i, i + 2));
  return text.split(/[\n\r\p{Z}\p{P}]+/u).flatMap((word) => word.split(CHINESE))
    .flatMap((part) => (CHINESE.test(part) && part.length > 2 ? pairs(part) : part))
    .filter(Boolean);
}

const index = new MiniSearch({
  tokenize,
  fields: ["title", "page", "text"],
  storeFields: ["title", "page", "text", "address"],
  searchOptions: {prefix: true, fuzzy: 0.15, boost: {title: 3, page: 1.5}},
});
index.addAll(SECTIONS.map((section, id) => ({...section, id})));

const field = document.querySelector("#main input"), list = document.querySelector("#found");
const count = document.querySelector("#count");

function show() {
  const words = field.value.trim(), found = words ? index.search(words).slice(0, 30) : [];
  list.replaceChildren(...found.map(entry));
  const {none, one, many} = count.dataset;
  const result = found.length === 0 ? none : found.length === 1 ? one : many;
  count.textContent = words && result.replace("{words}", words).replace("{n}", found.length);
}

function entry({title, page, text, address, terms}) {
  const item = document.createElement("li"), link = document.createElement("a");
  link.href = address;
  link.textContent = title;
  const where = document.createElement("span");
  where.textContent = page;
  const at = Math.max(0, text.toLowerCase().indexOf(terms[0]) - 60);
  const excerpt = document.createElement("p");
  excerpt.textContent = (at ? "… " : "") + text.slice(at, at + 200) + " …";
  item.append(link, " ", where, excerpt);
  return item;
}

field.value = new URLSearchParams(location.search).get("q") ?? "";
field.addEventListener("input", show);
field.form.addEventListener("submit", (event) => event.preventDefault());
show();
field.focus();
