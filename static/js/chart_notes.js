// Notes on dates: a dashed line at the first and last period of each, with its number, and its text in the tooltip.
import { token } from "./chart_style.js";

export function withNotes(options, notes) {
  if (!notes.length) return options;
  const { tooltip } = options.plugins;
  const afterBody = (items) => textsAt(notes, items[0]?.dataIndex);
  const plugins = { ...options.plugins, dateNotes: { notes }, tooltip: { ...tooltip, callbacks: { ...tooltip.callbacks, afterBody } } };
  return { ...options, plugins };
}

const textsAt = (notes, at) => notes.flatMap(({ first, last, text }, i) => (first <= at && at <= last ? [`${i + 1}: ${text}`] : []));

function afterDatasetsDraw({ ctx, chartArea: { top, bottom }, scales: { x } }, _, { notes }) {
  if (!notes?.length) return;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = token("--muted");
  ctx.setLineDash([3, 4]);
  ctx.font = `600 11px ${token("--font")}`;
  const taken = new Map();
  notes.forEach(({ first, last }, i) => {
    for (const at of new Set([first, last])) {
      ctx.beginPath();
      ctx.moveTo(x.getPixelForValue(at), top);
      ctx.lineTo(x.getPixelForValue(at), bottom);
      ctx.stroke();
    }
    const row = taken.get(first) ?? 0;
    taken.set(first, row + 1);
    ctx.fillText(String(i + 1), x.getPixelForValue(first) + 4, top + 10 + 13 * row);
  });
  ctx.restore();
}

Chart.register({ id: "dateNotes", defaults: { notes: [] }, afterDatasetsDraw });
