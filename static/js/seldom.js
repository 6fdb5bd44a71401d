// Progress that is told as often as somebody can see it.

/**
 * Each word costs the page that hears it a drawing: a fast line brings hundreds a second, and a key would wait behind them.
 * @param {number} total
 * @param {number} ms between two words, but for the last one
 * @param {(done: number, total: number) => void} tell
 * @param {Pick<import("./clock.js").Clock, "now">} clock
 * @returns {(done: number) => void}
 */
export function seldom(total, ms, tell, clock) {
  let told = Number.NEGATIVE_INFINITY;
  return (done) => {
    if (done < total && clock.now() - told < ms) return;
    told = clock.now();
    tell(done, total);
  };
}
