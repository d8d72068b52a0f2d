// Line charts over periods, with targets and intervals; provisional values are dotted.
import { linkOptions } from "./chart_links.js";
import { baseOptions, token, axisNumber } from "./chart_style.js";

const SHAPES = ["circle", "triangle", "rectRot", "rect"];

function datasets(chart) {
  return chart.lines.flatMap((line, i) => {
    const color = token(`--series-${(line.color ?? i) + 1}`);
    const base = { borderColor: color, backgroundColor: color, pointRadius: 0 };
    const ends = { ...base, borderWidth: 0, pointHitRadius: 0, isExtra: true };
    const band = line.lows
      ? [{ ...ends, label: "low", data: line.lows },
         { ...ends, label: "high", data: line.highs, fill: "-1", backgroundColor: `${color}26` }]
      : [];
    const dotted = (ctx) => (line.open[ctx.p1DataIndex] ? (line.isAhead ? [9, 3, 2, 3] : [2, 4]) : undefined);
    return [
      ...band,
      { ...base, label: line.name, data: line.values, texts: line.texts, borderWidth: 2.5,
        pointRadius: 3, pointStyle: SHAPES[line.color ?? i], pointHoverRadius: 6, isAhead: line.isAhead, segment: { borderDash: dotted } },
      { ...base, label: `${line.name}: target`, data: line.targets, stepped: "middle",
        borderWidth: 1.25, borderDash: [7, 5], pointHitRadius: 0, isExtra: true },
    ];
  });
}

const RANGES = { percent: [0, 100], points: [-100, 100] };

// leave some room around the lines, but not beyond the range of the unit
function valueRange(chart) {
  const parts = ["values", "targets", "lows", "highs"];
  const all = chart.lines.flatMap((line) => parts.flatMap((part) => line[part] ?? [])).filter((y) => y !== null);
  const [low, high] = all.length ? [Math.min(...all), Math.max(...all)] : [0, 0];
  const [least, most] = RANGES[chart.unit] ?? [low < 0 ? -Infinity : 0, Infinity];
  const pad = Math.max(1, (high - low) * 0.08);
  return { suggestedMin: Math.max(least, low - pad), suggestedMax: Math.min(most, high + pad) };
}

function options(chart) {
  const ink = token("--muted");
  const ticks = { color: ink, precision: chart.suffix || chart.prefix ? undefined : 0, callback: (value) => axisNumber(value, chart) };
  const base = baseOptions();
  return {
    ...base,
    ...linkOptions(chart),
    scales: {
      x: { grid: { display: false }, ticks: { color: ink, maxRotation: 0, autoSkipPadding: 14 } },
      y: { ...valueRange(chart), grid: { color: token("--grid") }, border: { display: false }, ticks },
    },
    plugins: {
      ...base.plugins,
      legend: { ...base.plugins.legend, display: chart.lines.length > 1 },
      span: { periods: chart.span ?? [], color: chart.spanColor ?? "--bad" },
    },
  };
}

// shades periods, such as those of an alert, behind the lines
function beforeDatasetsDraw({ ctx, chartArea, scales: { x } }, _, { periods, color }) {
  if (!periods?.length) return;
  const half = (x.getPixelForValue(1) - x.getPixelForValue(0)) / 2 || chartArea.width / 2;
  const from = Math.max(chartArea.left, x.getPixelForValue(periods[0]) - half);
  const until = Math.min(chartArea.right, x.getPixelForValue(periods[1]) + half);
  ctx.save();
  ctx.fillStyle = `${token(color)}24`;
  ctx.fillRect(from, chartArea.top, until - from, chartArea.height);
  ctx.restore();
}

Chart.register({ id: "span", defaults: { periods: [], color: "--bad" }, beforeDatasetsDraw });

export const lines = { type: "line", datasets, options };
