// Bars: one per figure with a mark at its target, or one per step of a scale or period.
import { frame, token, written } from "./looks.js";

const tone = (name, i) => token(name ? `--${name}` : `--series-${i + 1}`);

function datasets(chart) {
  const bars = chart.bars.map((bar, i) => ({
    type: "bar", label: bar.name, data: bar.values, texts: bar.texts, maxBarThickness: 34, borderRadius: 3,
    order: 1, backgroundColor: bar.tones ? bar.tones.map((one) => `${tone(one, i)}b0`) : `${tone("", i)}b0`,
  }));
  if (!chart.targets) return bars;
  const marks = chart.targets.map((x, i) => (x === null ? null : { x, y: chart.labels[i] }));
  const mark = {
    type: "scatter", label: "Target", data: marks.filter(Boolean), pointStyle: "line", rotation: 90,
    pointRadius: 15, pointHoverRadius: 15, borderWidth: 3, borderColor: token("--ink"), order: 0,
    texts: chart.targetTexts.filter((_, i) => marks[i]),
  };
  return [...bars, mark];
}

function options(chart) {
  const base = frame();
  const ink = token("--muted");
  const values = { beginAtZero: true, grid: { color: token("--grid") }, border: { display: false },
    ticks: { color: ink, precision: 0, callback: (value) => written(value, chart) } };
  const names = { type: "category", labels: chart.labels, grid: { display: false }, ticks: { color: ink, autoSkip: false } };
  return {
    ...base,
    indexAxis: chart.lies ? "y" : "x",
    scales: chart.lies ? { x: { ...values, suggestedMax: 100 }, y: names } : { x: names, y: values },
    plugins: { ...base.plugins, legend: { ...base.plugins.legend, display: chart.bars.length > 1 || Boolean(chart.targets) } },
  };
}

export const bars = { type: "bar", datasets, options };
