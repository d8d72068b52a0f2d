// Updates the page to match a fresh copy from the server. Only what differs is changed, so that focus, scroll position,
// open details, the selection and chart tooltips survive.

import { prefersReducedMotion, token } from "./chart_style.js";

// forms belong to the reader, the rest to scripts
const UNTOUCHED = "form, input, select, textarea, [data-live], [data-sortable], script[src]";
// messages that the server sends only once stay
const ONE_TIME_NOTICES = "main > p.notice[role=status]";
const SCRIPT_ATTRIBUTES = {
  DETAILS: ["open"], FIGURE: ["hidden", "data-drawn"], TABLE: ["data-stacked"], TR: ["data-place"], TD: ["data-label"],
};
const SERVER_CANVAS_ATTRIBUTES = ["aria-label"];

export function swap(page) {
  const [focused, selection, anchor] = [document.activeElement, readSelection(), findAnchor()];
  const changed = new Set();
  for (const part of ["header.site", "main"]) {
    const [have, want] = [document.querySelector(part), page.querySelector(part)];
    if (have && want) matchChildren(have, want, changed);
  }
  if (document.title !== page.title) document.title = page.title;
  document.dispatchEvent(new Event("live:swapped"));
  restoreSelection(selection);
  restoreScroll(anchor);
  if (focused !== document.activeElement && focused?.isConnected) focused.focus({ preventScroll: true });
  for (const element of changed) highlight(element);
  return changed.size > 0;
}

// Identifies child elements by id, KPI or heading, and rows by their header; repeated keys are numbered.
function keysOf(parent) {
  const counts = new Map();
  return new Map([...parent.children].map((one) => {
    const rowHeader = one.tagName === "TR" && one.querySelector("th[scope=row]")?.textContent;
    const key = one.id || one.dataset.kpi || one.getAttribute("aria-labelledby") || rowHeader;
    if (!key) return [one, null];
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return [one, `${one.tagName} ${count} ${key}`];
  }));
}

function matchChildren(have, want, changed) {
  const [oldKeys, newKeys] = [keysOf(have), keysOf(want)];
  const byKey = new Map([...oldKeys].filter(([, key]) => key).map(([one, key]) => [key, one]));
  const wanted = new Set(newKeys.values());
  let at = have.firstChild;
  for (const one of [...want.childNodes]) {
    const key = newKeys.get(one);
    // remove deleted elements first, or all elements after them would count as moved
    while (at && oldKeys.get(at) && !wanted.has(oldKeys.get(at))) at = remove(at, changed);
    const partner = key ? byKey.get(key) : nextSimilar(at, one, oldKeys);
    if (!partner) {
      const made = document.importNode(one, true);
      have.insertBefore(made, at);
      if (made.nodeType === Node.ELEMENT_NODE) changed.add(made);
      continue;
    }
    if (!key) while (at !== partner) at = oldKeys.get(at) ? at.nextSibling : remove(at, changed);
    if (at === partner) at = at.nextSibling;
    else have.insertBefore(partner, at);
    match(partner, one, changed);
  }
  while (at) at = remove(at, changed);
}

function nextSimilar(at, one, oldKeys) {
  const isSimilar = (node) => node.nodeName === one.nodeName && !oldKeys.get(node);
  if (one.nodeType === Node.TEXT_NODE) return at && isSimilar(at) ? at : null;
  while (at && !(isSimilar(at) && at.className === one.className)) at = oldKeys.get(at) ? null : at.nextSibling;
  return at;
}

function remove(node, changed) {
  const next = node.nextSibling;
  if (node.nodeType === Node.ELEMENT_NODE && node.matches(ONE_TIME_NOTICES)) return next;
  if (node.nodeType === Node.ELEMENT_NODE) changed.add(node.parentElement);
  node.remove();
  return next;
}

function match(have, want, changed) {
  if (have.nodeType !== Node.ELEMENT_NODE) {
    if (have.data === want.data) return;
    have.data = want.data;
    if (have.data.trim()) changed.add(have.parentElement);
    return;
  }
  if (have.matches(UNTOUCHED)) return;
  matchAttributes(have, want);
  matchChildren(have, want, changed);
}

function matchAttributes(have, want) {
  const scriptAttributes = SCRIPT_ATTRIBUTES[have.tagName] ?? [];
  const isFromServer = (name) => (have.tagName === "CANVAS" ? SERVER_CANVAS_ATTRIBUTES.includes(name) : !scriptAttributes.includes(name));
  for (const { name } of [...have.attributes]) if (isFromServer(name) && !want.hasAttribute(name)) have.removeAttribute(name);
  for (const { name, value } of want.attributes) {
    if (isFromServer(name) && have.getAttribute(name) !== value) have.setAttribute(name, value);
  }
}

// Finds the element to keep in place: the one in focus or under the pointer, else one in view.
function findAnchor() {
  const [focused, pointed] = [document.activeElement, [...document.querySelectorAll("main :hover")].at(-1)];
  const inView = scrollY > 0 ? document.elementFromPoint(innerWidth / 2, innerHeight / 3) : null;
  const isInView = (one) => one?.closest("main") && one.tagName !== "MAIN" && isOn(one.getBoundingClientRect());
  const element = [focused, pointed, inView].find(isInView);
  return element && { element, top: element.getBoundingClientRect().top };
}

const isOn = ({ top, bottom }) => bottom > 0 && top < innerHeight;

// The browser's own scroll anchoring is off meanwhile: both together would scroll too far.
function restoreScroll(anchor) {
  if (!anchor?.element.isConnected) return;
  const root = document.documentElement.style;
  root.overflowAnchor = "none";
  scrollBy({ top: anchor.element.getBoundingClientRect().top - anchor.top, behavior: "instant" });
  requestAnimationFrame(() => requestAnimationFrame(() => { root.overflowAnchor = ""; }));
}

function readSelection() {
  const { anchorNode, anchorOffset, focusNode, focusOffset, isCollapsed } = getSelection();
  return isCollapsed ? null : { anchorNode, anchorOffset, focusNode, focusOffset };
}

// The browser drops a selection in a text that changes.
function restoreSelection(kept) {
  if (!kept?.anchorNode.isConnected || !kept.focusNode.isConnected) return;
  const now = readSelection();
  if (now && Object.keys(kept).every((part) => kept[part] === now[part])) return;
  const within = (node, offset) => Math.min(offset, node.length ?? node.childNodes.length);
  getSelection().setBaseAndExtent(
    kept.anchorNode, within(kept.anchorNode, kept.anchorOffset),
    kept.focusNode, within(kept.focusNode, kept.focusOffset),
  );
}

function highlight(element) {
  if (prefersReducedMotion.matches || !element.isConnected || element.matches("main, header, table, tbody, script")) return;
  element.animate({ backgroundColor: [token("--accent-wash"), "transparent"] }, { duration: 2_500, easing: "ease-out" });
}
