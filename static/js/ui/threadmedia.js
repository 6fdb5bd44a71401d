// The attachments of a thread, in their bubbles, and how far those of mine have come.

import { boxRatio, isVisual, kindOf, largeOnes } from "../chat/attachmentkinds.js";
import { AttachmentViews, viewAt } from "./attachmentviews.js";
import { bubbleOf, part } from "./bubbles.js";
import { files } from "./mediafiles.js";
import { PictureTile } from "./picturetile.js";
import { UploadLines } from "./uploadline.js";

/** @typedef {import("../chat/content.js").Attachment} Attachment */
/** @typedef {import("./attachmentviews.js").View} View */
/** @typedef {import("./attachmentviews.js").Shown} Shown */
/** @typedef {import("./threadlayout.js").Item} Item */
/** @typedef {import("./threadlayout.js").Bubble} Bubble */

export class ThreadMedia {
  /** @type {Item[]} in order */ #items = [];
  #peer = ""; // their name
  /** @type {WeakMap<HTMLElement, string>} ids of the blobs in the bubble */ #filled = new WeakMap();
  #nodes;
  #uploads = new UploadLines((id) => this.#again(id));
  #views;
  #scrolling;

  /**
   * @param {HTMLElement} box that scrolls
   * @param {import("./scrolling.js").Scrolling} scrolling
   * @param {Map<string, HTMLElement>} nodes by key
   */
  constructor(box, scrolling, nodes) {
    this.#scrolling = scrolling;
    this.#nodes = nodes;
    this.#views = new AttachmentViews(box, (attachment) => viewAt(this.#shown(), attachment, this.#peer));
    box.addEventListener("click", (event) => this.#act(event));
  }

  /** @returns {() => void} stops it */
  listen() {
    return this.#uploads.listen();
  }

  /** Another conversation. @param {string} conv */
  open(conv) {
    return this.#uploads.open(conv);
  }

  /** What the thread shows now: the viewer goes through it. @param {Item[]} items @param {string} peer */
  show(items, peer) {
    this.#items = items;
    this.#peer = peer;
  }

  /** @param {HTMLElement} node @param {Item} bubble or a line, which has nothing attached */
  fill(node, bubble) {
    if (bubble.type !== "bubble") return;
    const att = attachmentsOf(bubble);
    const ids = att.map(({ blob }) => blob).join(" ");
    this.#uploads.fill(node, bubble.entry);
    const before = this.#filled.get(node) ?? "";
    if (before === ids) return;
    this.#filled.set(node, ids);
    node.toggleAttribute("data-attachments", att.length > 0);
    part(node, "attachments").replaceChildren(...arranged(att.map((one) => this.#views.make(one))));
    if (!ids) for (const blob of before.split(" ")) files.forget(blob); // the message was deleted
  }

  /** The upload of an entry went on. @param {string} id */
  #again(id) {
    const node = this.#nodes.get(`entry ${id}`);
    const bubble = node && bubbleOf(node);
    if (bubble) this.#scrolling.keeping(() => this.#uploads.fill(node, bubble.entry)); // its words may need more lines
  }

  /** @param {Event} event */
  #act(event) {
    const button = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (event.target).closest("[data-act]"));
    const act = button?.dataset.act;
    const entry = button?.closest("[data-entry]")?.getAttribute("data-entry");
    if (entry && (act === "pause" || act === "resume")) void this.#uploads.act(act, entry);
  }

  #shown() {
    return this.#items.flatMap((item) => (item.type === "bubble" ? shownIn(item) : []));
  }
}

/** @param {Bubble} bubble @returns {Attachment[]} */
function attachmentsOf({ message, entry }) {
  return (message?.content ?? entry?.content)?.att ?? [];
}

/** What of a bubble the viewer shows. @param {Bubble} bubble @returns {Shown[]} */
function shownIn(bubble) {
  const { mine, time, message, entry } = bubble;
  const caption = (message?.content ?? entry?.content)?.body ?? "";
  const visual = attachmentsOf(bubble).filter((attachment) => isVisual(kindOf(attachment)));
  const mid = message?.mid;
  return visual.map((attachment) => ({ attachment, mid, mine, time, caption }));
}

/** Pictures in a grid, the others below it. @param {View[]} views @returns {HTMLElement[]} */
function arranged(views) {
  const tiles = views.filter((view) => view instanceof PictureTile);
  const others = views.filter((view) => !(view instanceof PictureTile)).map(({ node }) => node);
  const [first] = tiles;
  if (!first) return others;
  const grid = document.createElement("div");
  grid.className = "album";
  if (tiles.length > 1) grid.dataset.many = "";
  else grid.style.setProperty("--ratio", String(boxRatio(first.attachment)));
  for (const { node } of tiles.slice(0, largeOnes(tiles.length))) node.dataset.large = "";
  grid.append(...tiles.map(({ node }) => node));
  return [grid, ...others];
}
