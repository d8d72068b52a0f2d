// Sorts a table by a click on the heading of a column.
import { compare, keyOf } from "./cell_order.js";

const headings = (table) => [...(table.tHead?.rows[table.tHead.rows.length - 1]?.cells ?? [])];
const rowsOf = (body) => [...body.rows].filter((row) => !row.querySelector("th[scope=rowgroup], td[colspan]"));

function sort(table) {
  const cells = headings(table);
  const column = cells.findIndex((one) => one.hasAttribute("aria-sort"));
  if (column < 0) return;
  const sign = cells[column].getAttribute("aria-sort") === "ascending" ? 1 : -1;
  for (const body of table.tBodies) {
    const rows = rowsOf(body).map((row) => [keyOf(row, column, cells[column]), row]);
    const [known, others] = [rows.filter(([key]) => key !== null && key !== ""), rows.filter(([key]) => key === null || key === "")];
    known.sort(([a], [b]) => sign * compare(a, b));
    body.append(...[...known, ...others].map(([, row]) => row));
  }
}

function choose(table, heading) {
  const isAscending = heading.getAttribute("aria-sort") === "descending" || (!heading.hasAttribute("aria-sort") && !heading.matches(".number, .measure"));
  for (const one of headings(table)) one.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", isAscending ? "ascending" : "descending");
  sort(table);
}

function prepare() {
  for (const table of document.querySelectorAll(".scroll > table")) {
    for (const body of table.tBodies) rowsOf(body).forEach((row, at) => { row.dataset.place = at; });
    for (const heading of headings(table)) if (heading.textContent.trim() && !heading.dataset.sortable) addButton(table, heading);
    sort(table);
  }
}

function addButton(table, heading) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "sort" });
  button.append(...heading.childNodes);
  button.addEventListener("click", () => choose(table, heading));
  heading.append(button);
  heading.dataset.sortable = "yes";
}

prepare();
document.addEventListener("live:swapped", prepare);
