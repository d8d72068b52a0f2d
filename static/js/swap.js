// Makes the page what the server says now. What did not change is not touched, and so neither is what the reader does
// with it: focus, scroll, open details, selection, a chart's tip.

import { still, token } from "./looks.js";

// the reader's own, or a script's
const LEFT_ALONE = "form, input, select, textarea, [data-live], script[src]";
// the server does not say it again, which does not make it untrue
const SAID_ONCE = "main > p.notice[role=status]";
const OWN_ATTRIBUTES = { DETAILS: ["open"], FIGURE: ["hidden", "data-drawn"] };
const CANVAS_ATTRIBUTES = ["aria-label"];

export function swap(page) {
  const [focused, kept, place] = [document.activeElement, selected(), lookedAt()];
  const moved = new Set();
  for (const part of ["header.site", "main"]) {
    const [have, want] = [document.querySelector(part), page.querySelector(part)];
    if (have && want) matchChildren(have, want, moved);
  }
  if (document.title !== page.title) document.title = page.title;
  select(kept);
  hold(place);
  if (focused !== document.activeElement && focused?.isConnected) focused.focus({ preventScroll: true });
  for (const element of moved) show(element);
  document.dispatchEvent(new Event("live:swapped"));
  return moved.size > 0;
}

// What an element is the same by: its name, or for a row its head; the second of the same name is another.
function names(parent) {
  const seen = new Map();
  return new Map([...parent.children].map((one) => {
    const head = one.tagName === "TR" && one.querySelector("th[scope=row]")?.textContent;
    const name = one.id || one.dataset.kpi || one.getAttribute("aria-labelledby") || head;
    if (!name) return [one, null];
    const place = (seen.get(name) ?? 0) + 1;
    seen.set(name, place);
    return [one, `${one.tagName} ${place} ${name}`];
  }));
}

function matchChildren(have, want, moved) {
  const [mine, theirs] = [names(have), names(want)];
  const named = new Map([...mine].filter(([, name]) => name).map(([one, name]) => [name, one]));
  const wanted = new Set(theirs.values());
  let at = have.firstChild;
  for (const one of [...want.childNodes]) {
    const name = theirs.get(one);
    // what is gone for good must not have all that follows it taken for moved
    while (at && mine.get(at) && !wanted.has(mine.get(at))) at = remove(at, moved);
    const partner = name ? named.get(name) : nextAlike(at, one, mine);
    if (!partner) {
      const made = document.importNode(one, true);
      have.insertBefore(made, at);
      if (made.nodeType === Node.ELEMENT_NODE) moved.add(made);
      continue;
    }
    if (!name) while (at !== partner) at = mine.get(at) ? at.nextSibling : remove(at, moved);
    if (at === partner) at = at.nextSibling;
    else have.insertBefore(partner, at);
    match(partner, one, moved);
  }
  while (at) at = remove(at, moved);
}

function nextAlike(at, one, mine) {
  const isAlike = (node) => node.nodeName === one.nodeName && !mine.get(node);
  if (one.nodeType === Node.TEXT_NODE) return at && isAlike(at) ? at : null;
  while (at && !(isAlike(at) && at.className === one.className)) at = mine.get(at) ? null : at.nextSibling;
  return at;
}

function remove(node, moved) {
  const next = node.nextSibling;
  if (node.nodeType === Node.ELEMENT_NODE && node.matches(SAID_ONCE)) return next;
  if (node.nodeType === Node.ELEMENT_NODE) moved.add(node.parentElement);
  node.remove();
  return next;
}

function match(have, want, moved) {
  if (have.nodeType !== Node.ELEMENT_NODE) {
    if (have.data === want.data) return;
    have.data = want.data;
    if (have.data.trim()) moved.add(have.parentElement);
    return;
  }
  if (have.matches(LEFT_ALONE)) return;
  matchAttributes(have, want);
  matchChildren(have, want, moved);
}

function matchAttributes(have, want) {
  const own = OWN_ATTRIBUTES[have.tagName] ?? [];
  const isTheirs = (name) => (have.tagName === "CANVAS" ? CANVAS_ATTRIBUTES.includes(name) : !own.includes(name));
  for (const { name } of [...have.attributes]) if (isTheirs(name) && !want.hasAttribute(name)) have.removeAttribute(name);
  for (const { name, value } of want.attributes) {
    if (isTheirs(name) && have.getAttribute(name) !== value) have.setAttribute(name, value);
  }
}

// What the reader looks at, and where it stands: what is in focus or under the pointer, else what is in view.
function lookedAt() {
  const [focused, pointed] = [document.activeElement, [...document.querySelectorAll("main :hover")].at(-1)];
  const inView = scrollY > 0 ? document.elementFromPoint(innerWidth / 2, innerHeight / 3) : null;
  const isInView = (one) => one?.closest("main") && one.tagName !== "MAIN" && isOn(one.getBoundingClientRect());
  const element = [focused, pointed, inView].find(isInView);
  return element && { element, top: element.getBoundingClientRect().top };
}

const isOn = ({ top, bottom }) => bottom > 0 && top < innerHeight;

// The browser's own holding, where it has one, holds what is uppermost; both together would go too far.
function hold(place) {
  if (!place?.element.isConnected) return;
  const root = document.documentElement.style;
  root.overflowAnchor = "none";
  scrollBy({ top: place.element.getBoundingClientRect().top - place.top, behavior: "instant" });
  requestAnimationFrame(() => requestAnimationFrame(() => { root.overflowAnchor = ""; }));
}

function selected() {
  const { anchorNode, anchorOffset, focusNode, focusOffset, isCollapsed } = getSelection();
  return isCollapsed ? null : { anchorNode, anchorOffset, focusNode, focusOffset };
}

// A text that changes loses the selection in it.
function select(kept) {
  if (!kept?.anchorNode.isConnected || !kept.focusNode.isConnected) return;
  const now = selected();
  if (now && Object.keys(kept).every((part) => kept[part] === now[part])) return;
  const within = (node, offset) => Math.min(offset, node.length ?? node.childNodes.length);
  getSelection().setBaseAndExtent(
    kept.anchorNode, within(kept.anchorNode, kept.anchorOffset),
    kept.focusNode, within(kept.focusNode, kept.focusOffset),
  );
}

function show(element) {
  if (still.matches || !element.isConnected || element.matches("main, header, table, tbody, script")) return;
  element.animate({ backgroundColor: [token("--accent-wash"), "transparent"] }, { duration: 2_500, easing: "ease-out" });
}
