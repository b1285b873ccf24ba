// A browser lets a page that was opened from a folder load no module: say so, and what helps. This
// script is none, so it runs all the same.

if (location.protocol === "file:") {
  document.addEventListener("DOMContentLoaded", () => {
    const news = document.querySelector("[role=status]");
    news.textContent = "This page was opened from a folder, and a browser then loads no network: "
      + "in the folder of the site, run `python -m http.server`, and open the address it prints, "
      + "with localhost in it.";
  });
}
