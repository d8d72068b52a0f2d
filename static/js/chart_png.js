// Saves a chart as a PNG file: the drawing with its legend, below its title and above its caption.
import { token } from "./chart_style.js";

const MARGIN = 16;
const TITLE_SIZE = 18;
const CAPTION_SIZE = 12;

document.addEventListener("click", ({ target }) => {
  const button = target.closest?.("button[data-png]");
  if (button) save(button.closest("figure"));
});

function save(figure) {
  const title = titleOf(figure);
  withNotesBelow(figure, title).toBlob((blob) => {
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: fileName(title) });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
  });
}

function titleOf(figure) {
  const part = figure.closest("section")?.querySelector("h2")?.textContent ?? "";
  const page = document.querySelector("h1")?.textContent ?? "";
  const tab = document.querySelector(".tabs [aria-current]")?.textContent;
  return [tab ?? page, part].map((one) => one.replace(/\s+/g, " ").trim()).filter(Boolean).join(" – ");
}

const fileName = (title) => `${title.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "").toLowerCase()}.png`;

function textsBelow(figure) {
  const notes = [...(figure.parentElement.querySelectorAll(".chart-notes li"))].map((one, i) => `${i + 1}: ${one.textContent}`);
  return [figure.querySelector("figcaption")?.textContent, ...notes].filter(Boolean);
}

function withNotesBelow(figure, title) {
  const drawn = figure.querySelector("canvas");
  const ratio = drawn.width / drawn.clientWidth;
  const paper = document.createElement("canvas");
  const ctx = paper.getContext("2d");
  const font = (size, weight) => { ctx.font = `${weight} ${size * ratio}px ${token("--font")}`; };
  font(CAPTION_SIZE, 400);
  const lines = textsBelow(figure).flatMap((text) => wrap(ctx, text, drawn.width));
  const top = (2 * MARGIN + TITLE_SIZE) * ratio;
  paper.width = drawn.width + 2 * MARGIN * ratio;
  paper.height = top + drawn.height + (MARGIN * 1.5 + lines.length * CAPTION_SIZE * 1.5) * ratio;
  ctx.fillStyle = token("--surface");
  ctx.fillRect(0, 0, paper.width, paper.height);
  ctx.fillStyle = token("--ink");
  font(TITLE_SIZE, 600);
  ctx.fillText(title, MARGIN * ratio, (MARGIN + TITLE_SIZE) * ratio, drawn.width);
  ctx.drawImage(drawn, MARGIN * ratio, top);
  ctx.fillStyle = token("--muted");
  font(CAPTION_SIZE, 400);
  lines.forEach((line, i) => ctx.fillText(line, MARGIN * ratio, top + drawn.height + (CAPTION_SIZE * 1.5 * (i + 1)) * ratio));
  return paper;
}

function wrap(ctx, text, width) {
  const lines = [""];
  for (const word of text.trim().split(/\s+/)) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (ctx.measureText(longer).width <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
