// Shows the next tab of the wall display after some seconds without leaving the page, so that full screen stays.
import { swap } from "./swap.js";

const controls = document.querySelector(".wall-controls");
const pause = controls.querySelector("[data-wall-pause]");
const fullScreen = controls.querySelector("[data-full-screen]");
const RETRY_SECONDS = 10;
let isPaused = pause.hasAttribute("data-paused");
let timer;

const wall = () => document.querySelector("[data-wall]");

function plan(seconds = Number(wall().dataset.seconds)) {
  clearTimeout(timer);
  if (!isPaused) timer = setTimeout(goOn, seconds * 1_000);
}

// a screen that nobody touches is no activity: the header says so, and the session ends as others do
async function goOn() {
  const url = new URL(wall().dataset.wall, location.href);
  try {
    const response = await fetch(url, { headers: { "Live-Read": "yes" }, cache: "no-store" });
    if (response.redirected) return location.reload();
    if (!response.ok) return plan(RETRY_SECONDS);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (isPaused) return;
    // the live updates reload the page's own address
    history.replaceState(null, "", url);
    swap(page);
    showTab(page);
  } catch {
    return plan(RETRY_SECONDS);
  }
  plan();
}

function showTab(page) {
  const current = page.querySelector("[data-tab][aria-current]").dataset.tab;
  for (const tab of controls.querySelectorAll("[data-tab]")) {
    if (tab.dataset.tab === current) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
}

pause.setAttribute("role", "button");
pause.addEventListener("click", (event) => {
  event.preventDefault();
  isPaused = !isPaused;
  pause.textContent = isPaused ? pause.dataset.wallResume : pause.dataset.wallPause;
  plan();
});
pause.addEventListener("keydown", (event) => {
  if (event.key !== " ") return;
  event.preventDefault();
  pause.click();
});
fullScreen.hidden = !document.fullscreenEnabled;
fullScreen.addEventListener("click", () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen()));
plan();
