// A checkbox that checks all others with a name. Without JavaScript, the server does the same when the form is sent.
for (const all of document.querySelectorAll("input[data-check-all]")) {
  const name = all.dataset.checkAll;
  const boxes = () => [...document.querySelectorAll(`input[type="checkbox"][name="${name}"]`)];
  all.addEventListener("change", () => {
    for (const box of boxes()) box.checked = all.checked;
  });
  document.addEventListener("change", ({ target }) => {
    if (target.name === name) all.checked = boxes().every((box) => box.checked);
  });
}
