// Before the page is drawn: the theme that the reader chose here, or else the system's.
{
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const stored = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  let chosen = stored();
  const choose = (theme) => {
    chosen = theme;
    try { localStorage.setItem("theme", theme); } catch { /* then it lasts for this page */ }
    show();
  };
  const show = () => {
    const theme = chosen ?? (dark.matches ? "dark" : "light");
    document.documentElement.dataset.theme = theme;
    if (document.body) document.body.dataset.jpThemeLight = String(theme === "light");
  };
  dark.addEventListener("change", show);
  show();
  addEventListener("message", ({data}) => {
    if (["light", "dark"].includes(data?.theme)) choose(data.theme);
  });
  // The widgets look at the body, as in JupyterLab.
  addEventListener("DOMContentLoaded", () => {
    show();
    document.querySelector("button.theme")?.addEventListener("click", () => {
      choose(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
      for (const {contentWindow} of document.querySelectorAll("iframe")) {
        contentWindow.postMessage({theme: document.documentElement.dataset.theme}, "*");
      }
    });
  });
}
