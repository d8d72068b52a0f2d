// What a cell of a table is sorted by, and how two of these compare.
const { lang } = document.documentElement;
const decimal = new Intl.NumberFormat(lang).formatToParts(1.5).find(({ type }) => type === "decimal").value;
const collator = new Intl.Collator(lang, { numeric: true });
const NUMBER = /-?[^\d\s–-]{0,3}\s?\d[\d.,'’\u00a0\u202f]*/;

const textOf = (cell) => (cell.querySelector(".number") ?? cell).textContent.trim();

// null for a cell without a number
function numberIn(text) {
  const found = text.replaceAll("\u2212", "-").match(NUMBER)?.[0];
  if (!found) return null;
  const plain = [...found].filter((one) => /[\d-]/.test(one) || one === decimal).join("");
  return Number(plain.replace(decimal, "."));
}

export function keyOf(row, column, heading) {
  if (heading.hasAttribute("data-order")) return Number(row.dataset.place);
  const cell = row.cells[column];
  const text = cell ? textOf(cell) : "";
  return cell?.matches(".number, :has(.number)") ? numberIn(text) : text;
}

export function compare(a, b) {
  return typeof a === "number" ? a - b : collator.compare(a, b);
}
