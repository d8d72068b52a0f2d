// Loads a course's runs and modules into the filters when the course changes. The page itself only changes with Apply,
// so that keyboard users can move through the courses.
const PARTS = ["run", "module"];
const DELAY = 300; // the reader may be moving on to another course

let request = new AbortController();

for (const form of document.querySelectorAll("form[data-filters]")) {
  form.elements.namedItem("course")?.addEventListener("change", () => {
    request.abort();
    request = new AbortController();
    for (const name of PARTS) form.elements.namedItem(name).value = "";
    const { signal } = request;
    setTimeout(() => loadParts(form, signal).catch(() => {}), DELAY);
  });
  // keep the URL short: leave out empty filters
  form.addEventListener("formdata", ({ formData }) => {
    for (const [name, value] of [...formData]) if (!value) formData.delete(name);
  });
}

async function loadParts(form, signal) {
  signal.throwIfAborted();
  const response = await fetch(`?${new URLSearchParams(new FormData(form))}`, { signal });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const name of PARTS) {
    const fresh = page.getElementById(`filter-${name}`);
    const select = form.elements.namedItem(name);
    select.replaceChildren(...fresh.options);
    select.disabled = fresh.disabled;
    // a moved option stays selected
    select.value = "";
  }
}
