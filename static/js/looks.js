// What all charts share: colours of the page, a quiet legend, tips that say the table's words.
export const still = matchMedia("(prefers-reduced-motion: reduce)");

export const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const { lang } = document.documentElement;

// what stands before and behind a number comes from the server, with its spaces
export const written = (value, { prefix = "", suffix = "" }) => `${prefix}${value.toLocaleString(lang)}${suffix}`;

const isNamed = ({ datasetIndex }, { datasets }) => {
  const { isExtra, isAhead } = datasets[datasetIndex];
  return !isExtra && !isAhead;
};

export function frame() {
  return {
    maintainAspectRatio: false,
    animation: still.matches ? false : { duration: 300 },
    interaction: { mode: "index", intersect: false },
    plugins: {
      legend: { align: "start", labels: {
        color: token("--ink"), usePointStyle: true, boxHeight: 7, padding: 18, filter: isNamed } },
      tooltip: { filter: ({ dataset, dataIndex }) => !dataset.isExtra && dataset.texts[dataIndex], callbacks: {
        label: ({ dataset, dataIndex }) => dataset.texts[dataIndex] } },
    },
  };
}
