// The attachments inside one box that scrolls: each is loaded when it comes near the window and let go when
// it leaves it; what a click on one does.

import { isVisual, kindOf } from "../chat/attachmentkinds.js";
import { part } from "./bubbles.js";
import { FileCard } from "./filecard.js";
import { PictureTile } from "./picturetile.js";
import { SoundPlayer } from "./soundplayer.js";

/** @typedef {import("../chat/content.js").Attachment} Attachment */
/** @typedef {PictureTile | SoundPlayer | FileCard} View */
/** @typedef {{attachment: Attachment, mid?: string | undefined, mine: boolean, time: number, caption: string}} Shown one in the viewer */

const NEAR = "800px 0px"; // of the window: begins to load

export class AttachmentViews {
  /** @type {WeakMap<Element, View>} by the node of the attachment */ #views = new WeakMap();
  #open;
  #near;

  /** @param {HTMLElement} box that scrolls @param {(attachment: Attachment) => unknown} open in the viewer */
  constructor(box, open) {
    this.#open = open;
    box.addEventListener("click", (event) => void this.#act(event));
    // Told as well of what was taken out of the page.
    this.#near = new IntersectionObserver((seen) => this.#moved(seen), { root: box, rootMargin: NEAR });
  }

  /** @param {Attachment} attachment @returns {View} whose node is to be put into the box */
  make(attachment) {
    const view = viewOf(attachment);
    this.#views.set(view.node, view);
    this.#near.observe(view.node);
    return view;
  }

  /** @param {IntersectionObserverEntry[]} seen */
  #moved(seen) {
    for (const { target, isIntersecting } of seen) {
      if (isIntersecting) this.#views.get(target)?.near();
      else this.#views.get(target)?.far();
    }
  }

  /** @param {Event} event */
  async #act(event) {
    const button = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (event.target).closest("[data-act]"));
    const act = button?.dataset.act;
    const node = button?.closest("[data-attachment]");
    const view = node && this.#views.get(node);
    if (!view) return;
    if (act === "save") await this.#save(view);
    else if (act === "view") await this.#open(view.attachment);
    else if (view instanceof PictureTile) view.reload();
    else if (view instanceof SoundPlayer) await (act === "speed" ? view.faster() : view.play());
  }

  /** A picture that is not shown becomes a card, in its place. @param {View} view */
  async #save(view) {
    if (!(view instanceof PictureTile)) return view.save();
    const card = new FileCard(view.attachment);
    this.#views.set(card.node, card).set(view.node, card); // the tile has nothing left to load
    view.node.replaceChildren(card.node);
    part(card.node, "save").focus();
    await card.save();
  }
}

/**
 * Opens the viewer.
 * @param {Shown[]} shown what it goes through
 * @param {Attachment} attachment the one to begin with
 * @param {string} peer their name
 */
export async function viewAt(shown, attachment, peer) {
  await import("../elements/media-viewer.js");
  const viewer = /** @type {import("../elements/media-viewer.js").MediaViewer | null} */ (
    document.querySelector("media-viewer")
  );
  const at = shown.findIndex((one) => one.attachment.blob === attachment.blob);
  viewer?.open(shown, Math.max(0, at), peer);
}

/** @param {Attachment} attachment @returns {View} */
function viewOf(attachment) {
  const kind = kindOf(attachment);
  if (isVisual(kind)) return new PictureTile(attachment);
  return kind === "file" ? new FileCard(attachment) : new SoundPlayer(attachment);
}
