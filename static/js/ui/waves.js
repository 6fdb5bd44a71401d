// Loudness as bars, in the colour of the text around them.

const BAR_PX = 3;
const GAP_PX = 2;
const QUIET = 0.08; // of the height: silence is a line of dots
const AHEAD = 0.35; // opacity of what was not played yet

/** @param {HTMLCanvasElement} canvas @returns {number} bars that it has room for */
export function barsIn(canvas) {
  return Math.max(1, Math.floor(canvas.clientWidth / (BAR_PX + GAP_PX)));
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {readonly number[]} levels 0 to 1, from the left
 * @param {number} [share] of them that was played; all: 1
 */
export function drawWave(canvas, levels, share = 1) {
  const scale = devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const pen = canvas.getContext("2d");
  if (!pen) return;
  pen.scale(scale, scale);
  pen.fillStyle = getComputedStyle(canvas).color;
  for (const [at, level] of levels.entries()) {
    const high = Math.max(QUIET, level) * height;
    pen.globalAlpha = at < share * levels.length ? 1 : AHEAD;
    pen.fillRect(at * (BAR_PX + GAP_PX), (height - high) / 2, BAR_PX, high);
  }
}
