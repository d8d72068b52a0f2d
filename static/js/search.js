// Opens the search on any page by "/" or Ctrl-K, and suggests while the reader types. Enter opens the page with all
// results; learners are only on that page, since it is recorded who looks for them.
const DELAY = 150;
const opener = document.querySelector("[data-search-open]");
const page = opener.getAttribute("href");
let dialog, request = new AbortController();

function build() {
  dialog = document.createElement("dialog");
  dialog.className = "search";
  dialog.setAttribute("aria-label", opener.textContent.trim());
  const form = Object.assign(document.createElement("form"), { action: page, method: "get", role: "search" });
  const input = Object.assign(document.createElement("input"), { type: "search", name: "q", maxLength: 100, autocomplete: "off" });
  input.setAttribute("aria-label", opener.textContent.trim());
  const found = Object.assign(document.createElement("div"), { role: "status" });
  form.append(input);
  dialog.append(form, found);
  document.body.append(dialog);
  input.addEventListener("input", () => suggest(input.value, found));
  dialog.addEventListener("keydown", (event) => move(event, input, found));
  dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close());
}

async function suggest(text, found) {
  request.abort();
  request = new AbortController();
  const { signal } = request;
  await new Promise((resolve) => setTimeout(resolve, DELAY));
  if (signal.aborted) return;
  const url = `${page}/suggestions?${new URLSearchParams({ q: text })}`;
  const response = await fetch(url, { signal }).catch(() => null);
  if (!response?.ok || response.redirected || signal.aborted) return;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  found.replaceChildren(...fresh.body.childNodes);
}

// the arrow keys walk through the suggestions
function move(event, input, found) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const stops = [input, ...found.querySelectorAll("a")];
  const at = stops.indexOf(document.activeElement);
  stops[(at + step + stops.length) % stops.length].focus();
}

function open(event) {
  event.preventDefault();
  if (!dialog) build();
  if (!dialog.open) dialog.showModal();
}

const isTyping = (target) => target.closest?.("input, textarea, select, [contenteditable]");

opener.addEventListener("click", (event) => event.ctrlKey || event.metaKey || event.shiftKey || open(event));
document.addEventListener("keydown", (event) => {
  const isShortcut = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k";
  if (isShortcut || (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event.target))) open(event);
});
