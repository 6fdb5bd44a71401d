// How large a picture is shown and which part of it, in pixels from the middle of the stage. At 1 it fits
// the stage; it is never moved further than its edge. Pure: media-viewer turns it into a transform.

export const ZOOM_MAX = 8;

/** @typedef {{w: number, h: number}} Size */

export class Zoom {
  scale = 1;
  x = 0;
  y = 0;
  /** @type {Size} */ #stage = { w: 1, h: 1 };
  /** @type {Size} at scale 1 */ #picture = { w: 1, h: 1 };

  /** Another picture, or another size of the window. @param {Size} stage @param {Size} picture its own size */
  fit(stage, picture) {
    const shrink = Math.min(1, stage.w / (picture.w || 1), stage.h / (picture.h || 1));
    this.#stage = stage;
    this.#picture = { w: picture.w * shrink, h: picture.h * shrink };
    this.#bound();
  }

  reset() {
    this.scale = 1;
    this.x = 0;
    this.y = 0;
  }

  /**
   * What was under the point stays under it, where it is now.
   * @param {number} factor
   * @param {number} [px]
   * @param {number} [py]
   * @param {number} [dx] by which it has moved
   * @param {number} [dy]
   */
  by(factor, px = 0, py = 0, dx = 0, dy = 0) {
    const scale = Math.min(ZOOM_MAX, Math.max(1, this.scale * factor));
    const real = scale / this.scale;
    this.x = px - (px - dx - this.x) * real;
    this.y = py - (py - dy - this.y) * real;
    this.scale = scale;
    this.#bound();
  }

  /** @param {number} dx @param {number} dy */
  pan(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.#bound();
  }

  #bound() {
    const over = (/** @type {number} */ picture, /** @type {number} */ stage) =>
      Math.max(0, (picture * this.scale - stage) / 2);
    const [x, y] = [over(this.#picture.w, this.#stage.w), over(this.#picture.h, this.#stage.h)];
    this.x = Math.min(x, Math.max(-x, this.x));
    this.y = Math.min(y, Math.max(-y, this.y));
  }
}
