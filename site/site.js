// What every page does: copy buttons at the code, one open menu, the section that is being read.
for (const code of document.querySelectorAll(".highlight")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = document.body.dataset.copy;
  button.addEventListener("click", async () => {
    await copy(code.querySelector("pre").innerText);
    button.textContent = document.body.dataset.copied;
    setTimeout(() => { button.textContent = document.body.dataset.copy; }, 1500);
  });
  code.prepend(button);
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // a page that was opened from a folder may not; the old way still works there
    const area = document.body.appendChild(document.createElement("textarea"));
    area.value = text;
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

// What has to be scrolled sideways can be reached by key.
for (const box of document.querySelectorAll("pre, .output, table")) {
  if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
}

// Another edition opens at the cell, or the heading, that is being read.
for (const link of document.querySelectorAll("a.language")) {
  link.addEventListener("click", () => {
    const {bottom} = document.querySelector("header").getBoundingClientRect();
    const isAbove = (cell) => cell.getBoundingClientRect().top <= Math.max(bottom, 0) + 10;
    const cell = [...document.querySelectorAll("[id^=cell-]")].findLast(isAbove);
    link.hash = cell && scrollY > 0 ? cell.id : "";
  });
}

const menus = [...document.querySelectorAll("header details")];
const closeMenus = () => menus.forEach((menu) => { menu.open = false; });
addEventListener("click", (event) => {
  if (!event.target.closest("header details")) closeMenus();
});
addEventListener("keydown", (event) => {
  const open = menus.find((menu) => menu.open);
  if (event.key !== "Escape" || !open) return;
  closeMenus();
  open.querySelector("summary").focus();
});

const links = new Map([...document.querySelectorAll(".contents a")]
  .map((link) => [decodeURIComponent(link.hash.slice(1)), link]));
const reading = new IntersectionObserver((entries) => {
  const entry = entries.find(({isIntersecting}) => isIntersecting);
  if (!entry) return;
  for (const link of links.values()) link.removeAttribute("aria-current");
  links.get(entry.target.id).setAttribute("aria-current", "true");
}, {rootMargin: "0px 0px -75% 0px"});
for (const id of links.keys()) reading.observe(document.getElementById(id));
