// Redraws charts for printing: as wide as the paper, sharp, and in light colors.
const PAPER_SIZE = [680, 280];
const PIXEL_RATIO = 3;
const root = document.documentElement;

addEventListener("beforeprint", () => root.toggleAttribute("data-paper", true));
addEventListener("afterprint", () => root.toggleAttribute("data-paper", false));

export function redrawForPrint(drawing, draw) {
  addEventListener("beforeprint", () => {
    drawing.stop();
    draw();
    drawing.options.devicePixelRatio = PIXEL_RATIO;
    drawing.resize(...PAPER_SIZE);
  });
  addEventListener("afterprint", () => {
    draw();
    drawing.resize();
  });
}
