// Brings a list of nodes in step with its items: what stays is not touched, so that neither the
// focus nor a screen reader loses its place.

import { nodeOf } from "./bubbles.js";

/** @typedef {import("./threadlayout.js").Item} Item */

/**
 * @param {HTMLElement} list
 * @param {Map<string, HTMLElement>} nodes by key; kept for the next time
 * @param {Item[]} items
 * @param {(node: HTMLElement, item: Item) => void} fill
 */
export function reconcile(list, nodes, items, fill) {
  const keys = new Set(items.map(({ key }) => key));
  for (const [key, node] of nodes) {
    if (keys.has(key)) continue;
    node.remove();
    nodes.delete(key);
  }
  let at = list.firstElementChild;
  for (const item of items) {
    const node = nodes.get(item.key) ?? nodeOf(item);
    nodes.set(item.key, node);
    fill(node, item);
    if (node === at) at = at.nextElementSibling;
    else list.insertBefore(node, at);
  }
}
