// Draws each figure's chart over the numbers that the table beside it holds.
import { bars } from "./bars.js";
import { lines } from "./lines.js";

const dark = matchMedia("(prefers-color-scheme: dark)");

for (const figure of document.querySelectorAll("figure[data-chart]")) {
  const chart = JSON.parse(document.getElementById(figure.dataset.chart).textContent);
  const kind = chart.bars ? bars : lines;
  figure.hidden = false;
  figure.parentElement.querySelector("details.behind-chart")?.removeAttribute("open");
  const drawing = new Chart(figure.querySelector("canvas"), { type: kind.type });
  const draw = () => {
    drawing.data = { labels: chart.labels, datasets: kind.datasets(chart) };
    drawing.options = kind.options(chart);
    drawing.update();
    figure.dataset.drawn = "yes";
  };
  draw();
  dark.addEventListener("change", draw);
}
