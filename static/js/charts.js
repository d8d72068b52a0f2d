// Draws each figure's chart over the numbers that the table beside it holds.
import { bars } from "./bars.js";
import { lines } from "./lines.js";
import { fitToPaper } from "./paper.js";

const dark = matchMedia("(prefers-color-scheme: dark)");

function drawAll() {
  for (const figure of document.querySelectorAll("figure[data-chart]:not([data-drawn])")) open(figure);
}

function open(figure) {
  let [text, chart, kind] = [];
  const read = () => {
    const latest = document.getElementById(figure.dataset.chart)?.textContent;
    if (!latest || latest === text) return false;
    [text, chart] = [latest, JSON.parse(latest)];
    kind = chart.bars ? bars : lines;
    return true;
  };
  read();
  figure.hidden = false;
  figure.parentElement.querySelector("details.behind-chart")?.removeAttribute("open");
  const drawing = new Chart(figure.querySelector("canvas"), { type: kind.type });
  const draw = (mode) => {
    fit(drawing.data, chart.labels, kind.datasets(chart));
    drawing.options = kind.options(chart);
    drawing.update(mode);
    figure.dataset.drawn = "yes";
  };
  draw();
  dark.addEventListener("change", () => draw());
  document.addEventListener("live:swapped", () => read() && draw("none"));
  fitToPaper(drawing, () => draw("none"));
}

// The same lines with other values keep what the reader has hidden of them, and the tip under the pointer.
function fit(data, labels, datasets) {
  const areSame = data.datasets.length === datasets.length && datasets.every((one, i) => one.label === data.datasets[i].label);
  data.labels = labels;
  if (areSame) data.datasets.forEach((one, i) => Object.assign(one, datasets[i]));
  else data.datasets = datasets;
}

drawAll();
document.addEventListener("live:swapped", drawAll);
