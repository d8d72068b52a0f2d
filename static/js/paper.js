// Draws a chart for paper while the page is printed: as wide as a sheet, sharp, and in the light colors.
const SHEET = [680, 280];
const SHARP = 3;
const root = document.documentElement;

addEventListener("beforeprint", () => root.toggleAttribute("data-paper", true));
addEventListener("afterprint", () => root.toggleAttribute("data-paper", false));

export function fitToPaper(drawing, draw) {
  addEventListener("beforeprint", () => {
    drawing.stop();
    draw();
    drawing.options.devicePixelRatio = SHARP;
    drawing.resize(...SHEET);
  });
  addEventListener("afterprint", () => {
    draw();
    drawing.resize();
  });
}
