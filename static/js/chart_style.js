// What all charts share: the page's colors, the legend, and tooltips with texts from the server.
export const prefersReducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

export const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const { lang } = document.documentElement;

// the text before and after a number comes from the server, with its spaces
export const axisNumber = (value, { prefix = "", suffix = "" }) => `${prefix}${value.toLocaleString(lang)}${suffix}`;

const isInLegend = ({ datasetIndex }, { datasets }) => {
  const { isExtra, isAhead } = datasets[datasetIndex];
  return !isExtra && !isAhead;
};

export function baseOptions() {
  return {
    maintainAspectRatio: false,
    animation: prefersReducedMotion.matches ? false : { duration: 300 },
    interaction: { mode: "index", intersect: false },
    plugins: {
      legend: { align: "start", labels: {
        color: token("--ink"), usePointStyle: true, boxHeight: 7, padding: 18, filter: isInLegend } },
      tooltip: { padding: 10, boxPadding: 6, filter: ({ dataset, dataIndex }) => !dataset.isExtra && dataset.texts[dataIndex], callbacks: {
        label: ({ dataset, dataIndex }) => dataset.texts[dataIndex] } },
    },
  };
}
