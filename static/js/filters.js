// A course's runs and modules can be chosen once the course is: they are fetched as soon as it changes. The page itself
// is asked anew by Apply alone, so that the keyboard can go through the courses.
const PARTS = ["run", "module"];
const PAUSE = 300; // for who is on the way to another course

let asking = new AbortController();

for (const form of document.querySelectorAll("form[data-filters]")) {
  form.elements.namedItem("course")?.addEventListener("change", () => {
    asking.abort();
    asking = new AbortController();
    for (const name of PARTS) form.elements.namedItem(name).value = "";
    const { signal } = asking;
    setTimeout(() => offerParts(form, signal).catch(() => {}), PAUSE);
  });
  // An address to share holds only what was chosen.
  form.addEventListener("formdata", ({ formData }) => {
    for (const [name, value] of [...formData]) if (!value) formData.delete(name);
  });
}

async function offerParts(form, signal) {
  signal.throwIfAborted();
  const answer = await fetch(`?${new URLSearchParams(new FormData(form))}`, { signal });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const name of PARTS) {
    const fresh = page.getElementById(`filter-${name}`);
    const select = form.elements.namedItem(name);
    select.replaceChildren(...fresh.options);
    select.disabled = fresh.disabled;
    // an option that moves between two lists takes its being chosen along
    select.value = "";
  }
}
