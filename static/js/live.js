// Keeps an open page up to date: polls for changes and reloads the page in the background after one.
import { swap } from "./swap.js";

const PATH = "/live";
const MAX_RETRY_DELAY = 10_000;
const MIN_TIME_BETWEEN_NOTICES = 10_000;
const PAUSED_KEY = "live updates paused";

const { lang } = document.documentElement;
const panel = document.querySelector("[data-live]");
const status = panel.querySelector("[role=status]");
const button = panel.querySelector("button");
// the server translates the texts
const texts = panel.dataset;
let { live: token, version } = panel.dataset;
let [interval, extraDelay, failures, noticeAt] = [1_000, 0, 0, 0];
let [timer, noticeTimer] = [null, null];
let [isPolling, isSignedOut] = [false, false];
let leaving = new AbortController();

const isPaused = () => localStorage.getItem(PAUSED_KEY) === "yes";
const jitter = (time) => time * (0.9 + Math.random() * 0.2);
const get = (url, headers) => {
  const signal = AbortSignal.any([leaving.signal, AbortSignal.timeout(20_000)]);
  return fetch(url, { headers, cache: "no-store", signal });
};

function show(text) {
  if (status.textContent !== text) status.textContent = text;
}

function showUpdated() {
  const format = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: panel.dataset.zone };
  noticeTimer ??= setTimeout(() => {
    [noticeTimer, noticeAt] = [null, Date.now()];
    show(texts.updated.replace("{time}", new Date().toLocaleTimeString(lang, format)));
  }, Math.max(0, noticeAt + MIN_TIME_BETWEEN_NOTICES - Date.now()));
}

async function checkForChange() {
  const response = await get(`${PATH}?of=${encodeURIComponent(token)}`, { "If-None-Match": `"${version}"` });
  interval = Number(response.headers.get("Live-Again")) || interval;
  if (response.status === 304) return;
  // 403: the token has expired; the page itself shows whether its reader is still signed in
  if (response.ok || response.status === 403) await reload();
  else throw new Error(`status ${response.status}`);
}

async function reload() {
  const startedAt = Date.now();
  const response = await get(location.href, { "Live-Read": "yes" });
  if (response.status >= 500) {
    if (!response.headers.has("Retry-After")) throw new Error(`status ${response.status}`);
    extraDelay = 1_000 * Number(response.headers.get("Retry-After")) * (1 + Math.random());
    return;
  }
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  // the language was changed in another tab: do not mix two languages
  if (page.documentElement.lang !== lang) return location.reload();
  const fresh = page.querySelector("[data-live]");
  if (!fresh) return stop();
  if (isPaused()) return;
  ({ live: token, version } = fresh.dataset);
  if (swap(page)) showUpdated();
  // poll a slow server less often
  extraDelay = 2 * (Date.now() - startedAt);
}

function stop() {
  isSignedOut = true;
  show(texts.signedOut);
}

async function poll() {
  if (isPolling || document.hidden || isPaused() || isSignedOut) return;
  clearTimeout(timer);
  [isPolling, extraDelay] = [true, 0];
  try {
    await checkForChange();
    if (failures > 1) show(texts.online);
    failures = 0;
  } catch {
    failures += 1;
    if (failures === 2) show(texts.offline);
  }
  isPolling = false;
  if (isSignedOut) return;
  const retryDelay = (0.5 + Math.random() / 2) * Math.min(500 * 2 ** failures, MAX_RETRY_DELAY);
  timer = setTimeout(poll, failures ? retryDelay : jitter(Math.max(interval, extraDelay)));
}

function showPaused() {
  button.setAttribute("aria-pressed", String(isPaused()));
  if (!isPaused()) poll();
}

button.addEventListener("click", () => {
  localStorage.setItem(PAUSED_KEY, isPaused() ? "no" : "yes");
  show(isPaused() ? texts.paused : texts.resumed);
  showPaused();
});
// paused in another tab, visible again, or online again
addEventListener("storage", ({ key }) => key === PAUSED_KEY && showPaused());
document.addEventListener("visibilitychange", poll);
addEventListener("online", poll);
// the page rests in the back-forward cache: nothing may be under way there
addEventListener("pagehide", () => {
  clearTimeout(timer);
  leaving.abort();
});
addEventListener("pageshow", () => {
  leaving = new AbortController();
  poll();
});

panel.hidden = false;
showPaused();
