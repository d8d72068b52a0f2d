// Keeps an open page at the last figures: asks whether they have moved, and reads the page again once they have.
import { swap } from "./swap.js";

const PATH = "/live";
const SLOWEST = 10_000; // between two tries while the server is away
const SILENCE = 10_000; // between two sentences about new figures
const PAUSED = "live updates paused";

const { lang } = document.documentElement;
const panel = document.querySelector("[data-live]");
const line = panel.querySelector("[role=status]");
const button = panel.querySelector("button");
let { live: token, version } = panel.dataset;
let [pace, rest, failures, toldAt] = [1_000, 0, 0, 0];
let [timer, telling] = [null, null];
let isAsking = false;

const isPaused = () => localStorage.getItem(PAUSED) === "yes";
const somewhat = (time) => time * (0.9 + Math.random() * 0.2);
const get = (url, headers) => fetch(url, { headers, cache: "no-store", signal: AbortSignal.timeout(20_000) });

function say(sentence) {
  if (line.textContent !== sentence) line.textContent = sentence;
}

function sayUpdated() {
  const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: panel.dataset.zone };
  telling ??= setTimeout(() => {
    [telling, toldAt] = [null, Date.now()];
    say(`Figures updated ${new Date().toLocaleTimeString(lang, clock)}`);
  }, Math.max(0, toldAt + SILENCE - Date.now()));
}

async function ask() {
  const answer = await get(`${PATH}?of=${encodeURIComponent(token)}`, { "If-None-Match": `"${version}"` });
  pace = Number(answer.headers.get("Live-Again")) || pace;
  if (answer.status === 304) return;
  // a token runs out: the page itself knows whether its reader is still signed in
  if (answer.ok || answer.status === 403) await readAgain();
  else throw new Error(`answered ${answer.status}`);
}

async function readAgain() {
  const began = Date.now();
  const answer = await get(location.href, { "Live-Read": "yes" });
  if (answer.status >= 500) {
    if (!answer.headers.has("Retry-After")) throw new Error(`answered ${answer.status}`);
    rest = 1_000 * Number(answer.headers.get("Retry-After")) * (1 + Math.random());
    return;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  // chosen in another tab: half a page in each language would help nobody
  if (page.documentElement.lang !== lang) return location.reload();
  const fresh = page.querySelector("[data-live]");
  if (!fresh) return stop();
  if (isPaused()) return;
  ({ live: token, version } = fresh.dataset);
  if (swap(page)) sayUpdated();
  // a server that takes long is asked less
  rest = 2 * (Date.now() - began);
}

function stop() {
  timer = Infinity;
  say("Signed out: reload the page to go on");
}

async function turn() {
  if (isAsking || document.hidden || isPaused() || timer === Infinity) return;
  clearTimeout(timer);
  [isAsking, rest] = [true, 0];
  try {
    await ask();
    if (failures > 1) say("Connected again");
    failures = 0;
  } catch {
    failures += 1;
    if (failures === 2) say("No connection: these figures may be old");
  }
  isAsking = false;
  if (timer === Infinity) return;
  const wait = failures ? (0.5 + Math.random() / 2) * Math.min(500 * 2 ** failures, SLOWEST) : somewhat(Math.max(pace, rest));
  timer = setTimeout(turn, wait);
}

function showPause() {
  button.setAttribute("aria-pressed", String(isPaused()));
  if (!isPaused()) turn();
}

button.addEventListener("click", () => {
  localStorage.setItem(PAUSED, isPaused() ? "no" : "yes");
  say(isPaused() ? "Live updates paused" : "Live updates on");
  showPause();
});
// another tab has paused, this one is looked at again, or there is a way to the server again
addEventListener("storage", ({ key }) => key === PAUSED && showPause());
document.addEventListener("visibilitychange", turn);
addEventListener("online", turn);
addEventListener("pageshow", turn);

panel.hidden = false;
showPause();
