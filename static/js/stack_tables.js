// Names the cells of wide tables after their headings, so that rows can be read as cards on a phone.
const FEW_COLUMNS = 3;

// one text per column of a row of headings, whatever it spans
const spread = (row) => [...row.cells].flatMap((cell) => Array(cell.colSpan).fill(cell.textContent.trim()));

function stack() {
  for (const table of document.querySelectorAll(".scroll > table")) {
    const rows = [...(table.tHead?.rows ?? [])].map(spread);
    const columns = rows.at(-1) ?? [];
    if (columns.length <= FEW_COLUMNS) continue;
    const labels = columns.map((_, at) => rows.map((row) => row[at]).filter(Boolean).join(" · "));
    for (const body of table.tBodies) for (const row of body.rows) name(row, labels);
    table.dataset.stacked = "yes";
  }
}

function name(row, labels) {
  [...row.cells].forEach((cell, at) => {
    if (cell.tagName === "TD" && cell.colSpan === 1) cell.dataset.label = labels[at] ?? "";
  });
}

stack();
document.addEventListener("live:swapped", stack);
