// A click on a point or bar leads to what it stands for; the table beside the chart has the same links.
export function linkOptions({ links = [] }) {
  if (!links.length) return {};
  const linkAt = (elements) => elements.length && links[elements[0].index];
  return {
    onHover: ({ native }, elements) => { native.target.style.cursor = linkAt(elements) ? "pointer" : ""; },
    onClick: (_, elements) => { if (linkAt(elements)) location.assign(linkAt(elements)); },
  };
}
