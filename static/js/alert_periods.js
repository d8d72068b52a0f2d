// Shades the periods of an alert behind the lines.
import { token } from "./chart_style.js";

function beforeDatasetsDraw({ ctx, chartArea, scales: { x } }, _, { periods }) {
  if (!periods?.length) return;
  const half = (x.getPixelForValue(1) - x.getPixelForValue(0)) / 2 || chartArea.width / 2;
  const from = Math.max(chartArea.left, x.getPixelForValue(periods[0]) - half);
  const until = Math.min(chartArea.right, x.getPixelForValue(periods[1]) + half);
  ctx.save();
  ctx.fillStyle = `${token("--bad")}24`;
  ctx.fillRect(from, chartArea.top, until - from, chartArea.height);
  ctx.restore();
}

Chart.register({ id: "span", defaults: { periods: [] }, beforeDatasetsDraw });
