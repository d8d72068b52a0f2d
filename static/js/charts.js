// Draws a chart from the values that the table beside it shows.
import "./chart_png.js";
import { bars } from "./bars.js";
import { lines } from "./lines.js";
import { withNotes } from "./chart_notes.js";
import { redrawForPrint } from "./print_charts.js";

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
    drawing.options = withNotes(kind.options(chart), chart.notes ?? []);
    drawing.update(mode);
    figure.dataset.drawn = "yes";
  };
  draw();
  document.addEventListener("theme:changed", () => draw());
  document.addEventListener("live:swapped", () => read() && draw("none"));
  redrawForPrint(drawing, () => draw("none"));
}

// Keeps the lines that the reader has hidden, and the open tooltip, if only values changed.
function fit(data, labels, datasets) {
  const areSame = data.datasets.length === datasets.length && datasets.every((one, i) => one.label === data.datasets[i].label);
  data.labels = labels;
  if (areSame) data.datasets.forEach((one, i) => Object.assign(one, datasets[i]));
  else data.datasets = datasets;
}

drawAll();
document.addEventListener("live:swapped", drawAll);
