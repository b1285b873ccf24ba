// A browser lets a page that was opened from a folder load no module: say so, and what helps. This
// script is none, so it runs all the same; its sentence stands in the page.

if (location.protocol === "file:") {
  document.addEventListener("DOMContentLoaded", () => {
    const news = document.querySelector("[role=status]");
    news.textContent = news.dataset.inFolder;
  });
}
