// A course's runs and modules can be chosen once the course is: ask again as soon as it changes.
for (const form of document.querySelectorAll("form[data-filters]")) {
  const course = form.elements.namedItem("course");
  course?.addEventListener("change", () => {
    for (const name of ["run", "module"]) form.elements.namedItem(name).value = "";
    form.requestSubmit();
  });
  // An address to share holds only what was chosen.
  form.addEventListener("formdata", ({ formData }) => {
    for (const [name, value] of [...formData]) if (!value) formData.delete(name);
  });
}
