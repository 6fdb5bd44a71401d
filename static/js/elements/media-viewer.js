// Pictures and videos of a conversation over the whole window, one at a time.

import { bus } from "../tabs/bus.js";
import { format, gettext } from "../text.js";
import { part } from "../ui/bubbles.js";
import { Gestures } from "../ui/gestures.js";
import { labelOf } from "../ui/picturetile.js";
import { ViewerStage } from "../ui/viewerstage.js";
import { momentTime } from "../ui/when.js";
import { Zoom } from "../ui/zoom.js";

/** @typedef {import("../ui/attachmentviews.js").Shown} Shown */

const STEP = 1.5; // of a key or a button
const CLOSE_UP = 2.5; // of a double tap
const PAN_PX = 60; // of an arrow key

export class MediaViewer extends HTMLElement {
  /** @type {Shown[]} */ #shown = [];
  #at = 0;
  #peer = "";
  #zoom = new Zoom();
  /** @type {ViewerStage | undefined} */ #stage;

  connectedCallback() {
    if (this.#stage) return;
    this.#stage = new ViewerStage(this);
    this.#dialog.addEventListener("close", () => this.#leave());
    this.#dialog.addEventListener("keydown", (event) => this.#key(event));
    this.addEventListener("click", (event) => this.#act(event));
    const place = part(this, "stage");
    new Gestures(place, {
      zoom: (...how) => this.#zooms(() => this.#zoom.by(...how)),
      move: (dx, dy) => this.#zooms(() => this.#zoom.pan(dx, dy)),
      swipe: (direction) => this.#go(getComputedStyle(this).direction === "rtl" ? -direction : direction),
      twice: (px, py) =>
        this.#zooms(() => (this.#zoom.scale > 1 ? this.#zoom.reset() : this.#zoom.by(CLOSE_UP, px, py))),
      zoomed: () => this.#zoom.scale > 1,
    });
    new ResizeObserver(() => this.#fit()).observe(place);
    this.#stage.picture.addEventListener("load", () => this.#fit());
    bus.on("deleted", (message) => this.#deleted(message));
  }

  /** @param {Shown[]} shown in order @param {number} at the one to begin with @param {string} peer their name */
  open(shown, at, peer) {
    this.#shown = shown;
    this.#peer = peer;
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#show(at);
  }

  get #dialog() {
    return /** @type {HTMLDialogElement} */ (part(this, "dialog"));
  }

  /** @param {number} direction */
  #go(direction) {
    if (this.#shown[this.#at + direction]) this.#show(this.#at + direction);
  }

  /** @param {number} at */
  #show(at) {
    const shown = this.#shown[at];
    if (!shown) return;
    const { attachment, mine, time, caption } = shown;
    this.#at = at;
    const count = this.#shown.length;
    part(this, "who").textContent = mine ? gettext("You") : this.#peer;
    part(this, "when").textContent = momentTime(time);
    part(this, "place").textContent =
      count > 1 ? format(gettext("{number} of {count}"), { number: at + 1, count }) : "";
    part(this, "caption").textContent = caption;
    part(this, "caption").hidden = !caption;
    /** @type {HTMLButtonElement} */ (part(this, "before")).disabled = at === 0;
    /** @type {HTMLButtonElement} */ (part(this, "after")).disabled = at === count - 1;
    this.#dialog.toggleAttribute("data-alone", count === 1);
    this.#zooms(() => this.#zoom.reset());
    void this.#stage?.show(attachment, labelOf(attachment));
    this.#keepFocus();
  }

  /** A button that is off has lost it, and keys would go nowhere. */
  #keepFocus() {
    const focused = document.activeElement;
    if (!this.#dialog.open || (this.#dialog.contains(focused) && !focused?.matches(":disabled"))) return;
    /** @type {HTMLElement | null} */ (this.querySelector("[data-act='close']"))?.focus();
  }

  /** @param {{mid: string, mine: boolean}} message */
  #deleted({ mid, mine }) {
    const [before, now] = [this.#shown, this.#shown[this.#at]];
    this.#shown = before.filter((one) => one.mid !== mid || one.mine !== mine);
    if (!now || this.#shown.length === before.length) return;
    const at = this.#shown.indexOf(now);
    if (at < 0) this.#dialog.close();
    else this.#show(at);
  }

  #leave() {
    this.#stage?.empty();
    this.#shown = [];
    if (document.activeElement && document.activeElement !== document.body) return; // the browser gave it back
    /** @type {HTMLElement | null} */ (document.querySelector(".thread-scroll"))?.focus();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target === this.#stage?.video) return;
    const act = this.#keys()[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  /** @returns {Record<string, () => void>} */
  #keys() {
    const zoomed = this.#zoom.scale > 1;
    const turned = getComputedStyle(this).direction === "rtl" ? -1 : 1;
    const pan = (/** @type {number} */ x, /** @type {number} */ y) => () => this.#zooms(() => this.#zoom.pan(x, y));
    return {
      "+": () => this.#zooms(() => this.#zoom.by(STEP)),
      "=": () => this.#zooms(() => this.#zoom.by(STEP)),
      "-": () => this.#zooms(() => this.#zoom.by(1 / STEP)),
      0: () => this.#zooms(() => this.#zoom.reset()),
      ArrowLeft: zoomed ? pan(PAN_PX, 0) : () => this.#go(-turned),
      ArrowRight: zoomed ? pan(-PAN_PX, 0) : () => this.#go(turned),
      ...(zoomed && { ArrowUp: pan(0, PAN_PX), ArrowDown: pan(0, -PAN_PX) }),
    };
  }

  /** @param {Event} event */
  #act(event) {
    const button = /** @type {HTMLElement} */ (event.target).closest("[data-act]");
    const act = /** @type {HTMLElement | null} */ (button)?.dataset.act ?? "";
    /** @type {Record<string, () => unknown>} */
    const acts = {
      close: () => this.#dialog.close(),
      before: () => this.#go(-1),
      after: () => this.#go(1),
      "zoom-in": () => this.#zooms(() => this.#zoom.by(STEP)),
      "zoom-out": () => this.#zooms(() => this.#zoom.by(1 / STEP)),
      animate: () => this.#stage?.animate(),
      again: () => this.#show(this.#at),
      save: () => void this.#stage?.save(),
    };
    acts[act]?.();
  }

  #fit() {
    const { clientWidth: w, clientHeight: h } = part(this, "stage");
    const { naturalWidth = 0, naturalHeight = 0 } = this.#stage?.picture ?? {};
    this.#zooms(() => this.#zoom.fit({ w, h }, { w: naturalWidth, h: naturalHeight }));
  }

  /** @param {() => void} change */
  #zooms(change) {
    const picture = this.#stage?.picture;
    if (!picture) return;
    change();
    const { scale, x, y } = this.#zoom;
    picture.style.transform = scale === 1 ? "" : `translate(${x}px, ${y}px) scale(${scale})`;
    this.#dialog.toggleAttribute("data-zoomed", scale > 1);
    /** @type {HTMLButtonElement} */ (part(this, "zoom-out")).disabled = scale === 1;
    this.#keepFocus();
  }
}

customElements.define("media-viewer", MediaViewer);
