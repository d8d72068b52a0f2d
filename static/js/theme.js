// Light, dark, or as the system: remembered by this browser for the site and the admin alike. It loads in the head and
// waits for nothing, so that no page appears in the wrong theme first. Without it, pages follow the system.
(() => {
  const KEY = "theme";
  const MEDIA = { light: "not all", dark: "screen", auto: "screen and (prefers-color-scheme: dark)" };
  const system = matchMedia("(prefers-color-scheme: dark)");

  function chosen() {
    try {
      const theme = localStorage.getItem(KEY);
      return theme in MEDIA ? theme : "auto";
    } catch {
      return "auto"; // the browser stores nothing for this site
    }
  }

  function apply() {
    const theme = chosen();
    const sheet = document.querySelector("link[data-dark-theme]");
    if (sheet) sheet.media = MEDIA[theme];
    for (const button of document.querySelectorAll("[data-theme-switch] button")) {
      button.setAttribute("aria-pressed", String(button.value === theme));
    }
    document.dispatchEvent(new Event("theme:changed"));
  }

  function choose({ target }) {
    const button = target.closest?.("[data-theme-switch] button");
    if (!button) return;
    try {
      localStorage.setItem(KEY, button.value);
    } catch {
      return;
    }
    apply();
  }

  apply();
  document.addEventListener("DOMContentLoaded", () => {
    for (const group of document.querySelectorAll("[data-theme-switch]")) group.hidden = false;
    apply();
  });
  document.addEventListener("click", choose);
  addEventListener("storage", ({ key }) => key === KEY && apply());
  system.addEventListener("change", apply);
})();
