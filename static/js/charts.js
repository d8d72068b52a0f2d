// Draws each figure's lines over the numbers that the tables beside it hold.
const dark = matchMedia("(prefers-color-scheme: dark)");
const still = matchMedia("(prefers-reduced-motion: reduce)");
const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const SHAPES = ["circle", "triangle", "rectRot", "rect"];

function datasets(chart) {
  return chart.lines.flatMap((line, i) => {
    const color = token(`--series-${i + 1}`);
    const base = { borderColor: color, backgroundColor: color, pointRadius: 0 };
    const ends = { ...base, borderWidth: 0, pointHitRadius: 0, isExtra: true };
    const band = line.lows
      ? [{ ...ends, label: "low", data: line.lows },
         { ...ends, label: "high", data: line.highs, fill: "-1", backgroundColor: `${color}26` }]
      : [];
    const dotted = (ctx) => (line.open[ctx.p1DataIndex] ? [2, 4] : undefined);
    return [
      ...band,
      { ...base, label: line.name, data: line.values, texts: line.texts, borderWidth: 2.5,
        pointRadius: 3, pointStyle: SHAPES[i], pointHoverRadius: 6, segment: { borderDash: dotted } },
      { ...base, label: `${line.name}: target`, data: line.targets, stepped: "middle",
        borderWidth: 1.25, borderDash: [7, 5], pointHitRadius: 0, isExtra: true },
    ];
  });
}

// a little room around the lines, but none beyond what a share can reach
function room(chart) {
  if (chart.unit !== "%") return { grace: "8%" };
  const parts = chart.lines.length > 1 ? ["values", "targets"] : ["values", "targets", "lows", "highs"];
  const all = chart.lines.flatMap((line) => parts.flatMap((part) => line[part])).filter((y) => y !== null);
  const [low, high] = all.length ? [Math.min(...all), Math.max(...all)] : [0, 100];
  return { min: Math.max(0, Math.floor(low - 2)), max: Math.min(100, Math.ceil(high + 2)) };
}

function options(chart) {
  const ink = token("--muted");
  const ticks = { color: ink, callback: (value) => `${value} ${chart.unit}`.trim() };
  return {
    maintainAspectRatio: false,
    animation: still.matches ? false : { duration: 300 },
    interaction: { mode: "index", intersect: false },
    scales: {
      x: { grid: { display: false }, ticks: { color: ink, maxRotation: 0, autoSkipPadding: 14 } },
      y: { ...room(chart), grid: { color: token("--grid") }, border: { display: false }, ticks },
    },
    plugins: {
      legend: { display: chart.lines.length > 1, align: "start", labels: {
        color: token("--ink"), usePointStyle: true, boxHeight: 7, padding: 18, filter: ({ datasetIndex }, { datasets }) => !datasets[datasetIndex].isExtra } },
      tooltip: { filter: ({ dataset }) => !dataset.isExtra, callbacks: {
        label: ({ dataset, dataIndex }) => dataset.texts[dataIndex] } },
    },
  };
}

for (const figure of document.querySelectorAll("figure[data-chart]")) {
  const chart = JSON.parse(document.getElementById(figure.dataset.chart).textContent);
  figure.hidden = false;
  figure.parentElement.querySelector("details.behind-chart")?.removeAttribute("open");
  const drawing = new Chart(figure.querySelector("canvas"), { type: "line" });
  const draw = () => {
    drawing.data = { labels: chart.labels, datasets: datasets(chart) };
    drawing.options = options(chart);
    drawing.update();
    figure.dataset.drawn = "yes";
  };
  draw();
  dark.addEventListener("change", draw);
}
