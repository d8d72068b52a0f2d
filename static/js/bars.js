// Bar charts: one bar per KPI with a mark at its target, or one bar per period or score.
import { linkOptions } from "./chart_links.js";
import { baseOptions, token, axisNumber } from "./chart_style.js";

const colorOf = (name, i) => token(name ? `--${name}` : `--series-${i + 1}`);

function datasets(chart) {
  const bars = chart.bars.map((bar, i) => ({
    type: "bar", label: bar.name, data: bar.values, texts: bar.texts, maxBarThickness: 34, borderRadius: 3,
    order: 1, backgroundColor: bar.tones ? bar.tones.map((one) => `${colorOf(one, i)}b0`) : `${colorOf("", i)}b0`,
  }));
  if (!chart.targets) return bars;
  const marks = chart.targets.map((x, i) => (x === null ? null : { x, y: chart.labels[i] }));
  const mark = {
    type: "scatter", label: chart.targetName, data: marks.filter(Boolean), pointStyle: "line", rotation: 90,
    pointRadius: 15, pointHoverRadius: 15, borderWidth: 3, borderColor: token("--ink"), order: 0,
    texts: chart.targetTexts.filter((_, i) => marks[i]),
  };
  return [...bars, mark];
}

function options(chart) {
  const base = baseOptions();
  const ink = token("--muted");
  const values = { beginAtZero: true, grid: { color: token("--grid") }, border: { display: false },
    ticks: { color: ink, precision: 0, callback: (value) => axisNumber(value, chart) } };
  const names = { type: "category", labels: chart.labels, grid: { display: false }, ticks: { color: ink, autoSkip: false } };
  return {
    ...base,
    ...linkOptions(chart),
    indexAxis: chart.isHorizontal ? "y" : "x",
    scales: chart.isHorizontal ? { x: { ...values, suggestedMax: 100 }, y: names } : { x: names, y: values },
    plugins: { ...base.plugins, legend: { ...base.plugins.legend, display: chart.bars.length > 1 || Boolean(chart.targets) } },
  };
}

export const bars = { type: "bar", datasets, options };
