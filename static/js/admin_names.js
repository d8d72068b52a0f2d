// Gives screen readers the names that Django's tables, dates and choices of the admin lack.
const FIELDS = "input:not([type=hidden]), select, textarea";

const textOf = (element) => element?.textContent.replace(/\s+/g, " ").trim() ?? "";

function name(field, text) {
  if (text && !field.labels?.length && !field.getAttribute("aria-labelledby")) field.ariaLabel = text;
}

/** A field in a table is named by its column and its row. */
function nameByColumn(field) {
  const cell = field.closest("td");
  const head = cell?.closest("table").tHead?.rows[0].cells[cell.cellIndex];
  const row = cell?.parentElement.querySelector("th, td.original p");
  name(field, [textOf(head), textOf(row)].filter(Boolean).join(", "));
}

/** A date or time is named by its label and the word before it. */
function nameByWord(field) {
  const label = field.closest(".form-row, td")?.querySelector("label, legend");
  name(field, `${textOf(label)} ${field.previousSibling?.textContent ?? ""}`.replace(/[:\s]+/g, " ").trim());
}

/** A search of select2 is named by the field that it replaces. */
function nameBySelect(field) {
  const select = field.closest(".select2-container")?.previousElementSibling;
  name(field, textOf(document.querySelector(`label[for="${select?.id}"]`)) || select?.ariaLabel);
}

/** A choice of select2 is named by its field, and by what is chosen. */
function nameChoice(shown) {
  const select = shown.closest(".select2-container")?.previousElementSibling;
  const label = textOf(document.querySelector(`label[for="${select?.id}"]`)) || select?.ariaLabel;
  if (label) shown.ariaLabel = [label, textOf(shown)].filter(Boolean).join(": ");
}

function nameAll() {
  for (const field of document.querySelectorAll(`:is(.tabular, #result_list) td :is(${FIELDS})`)) nameByColumn(field);
  for (const field of document.querySelectorAll(".datetime input")) nameByWord(field);
  for (const field of document.querySelectorAll(".select2-search__field")) nameBySelect(field);
  for (const shown of document.querySelectorAll("span.select2-selection__rendered")) nameChoice(shown);
  for (const hint of document.querySelectorAll(".help-tooltip[aria-label]")) hint.role = "img";
  const search = document.getElementById("searchbar");
  if (search) search.ariaLabel = search.form.querySelector("[type=submit]").value;
  // wide rows scroll by themselves, by keyboard, too
  for (const rows of document.querySelectorAll(".inline-group .tabular")) rows.tabIndex = 0;
  for (const head of document.querySelectorAll(".tabular thead th")) if (!textOf(head)) head.role = "presentation";
  // its items are not in it until something is chosen
  for (const list of document.querySelectorAll("ul.select2-selection__rendered")) list.role = "presentation";
}

nameAll();
// Django's own scripts add widgets and rows later
new MutationObserver(nameAll).observe(document.body, { childList: true, subtree: true });
