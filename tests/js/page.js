// As much of a page as elements need that are tried without a browser: parts of the real templates, the
// focus, events. Layout, styles and what a browser decodes are tried in tests/browser.

import { readFileSync } from "node:fs";

const TAG = /<([a-z][a-z0-9-]*)((?:\s+[a-z-]+(?:="[^"]*")?)+)\s*>/g;
const ATTRIBUTE = /([a-z-]+)(?:="([^"]*)")?/g;

/** What stands in a template below the tag with this id, or in all of it: flat, as nobody asks what holds what. */
function partsOf(path, id) {
  const text = readFileSync(new URL(`../../templates/chat/${path}`, import.meta.url), "utf8");
  const from = id ? text.slice(text.indexOf(`id="${id}"`)).split("</template>")[0] : text;
  return [...from.replace(/\{[{%#].*?[}%#]\}/g, "").matchAll(TAG)].map(([, tag, attributes]) => {
    const node = new Node(tag);
    for (const [, name, value = ""] of attributes.matchAll(ATTRIBUTE)) node.setAttribute(name, value);
    return node;
  });
}

export class Node extends EventTarget {
  children = [];
  dataset = {};
  style = { setProperty() {} };
  hidden = false;
  textContent = "";
  #attributes = new Map();

  constructor(tag = "div") {
    super();
    this.tag = tag;
  }

  setAttribute(name, value) {
    this.#attributes.set(name, value);
    if (name === "hidden") this.hidden = true;
    if (name.startsWith("data-")) this.dataset[name.slice(5)] = value;
  }

  getAttribute(name) {
    return this.#attributes.get(name) ?? null;
  }

  removeAttribute(name) {
    this.#attributes.delete(name);
    if (name === "src") delete this.src;
  }

  toggleAttribute(name, on) {
    if (on) this.setAttribute(name, "");
    else this.removeAttribute(name);
  }

  append(...nodes) {
    for (const node of nodes) {
      node.remove?.();
      node.parent = this;
    }
    this.children.push(...nodes);
  }

  remove() {
    if (this.parent) this.parent.children = this.parent.children.filter((node) => node !== this);
    this.parent = undefined;
  }

  get parentElement() {
    return this.parent ?? null;
  }

  after(node) {
    this.parent.append(node);
  }

  replaceChildren(...nodes) {
    this.children = [];
    this.append(...nodes);
  }

  matches(selector) {
    const [, name, value] = selector.match(/^\[([a-z-]+)(?:=['"](.*)['"])?\]$/) ?? [];
    if (!name) return this.tag === selector;
    return value === undefined ? this.#attributes.has(name) : this.getAttribute(name) === value;
  }

  querySelector(selector) {
    for (const child of this.children) {
      const found = child.matches(selector) ? child : child.querySelector(selector);
      if (found) return found;
    }
    return null;
  }

  closest(selector) {
    return this.matches(selector) ? this : (this.parent?.closest(selector) ?? null);
  }

  contains(node) {
    return node === this || this.children.some((child) => child.contains(node));
  }

  focus() {
    document.activeElement = this;
  }

  getContext() {
    return null;
  }

  toBlob(done) {
    done(new Blob());
  }

  /** As a browser tells it, up to `box`. */
  click(box = this) {
    const event = new Event("click");
    Object.defineProperty(event, "target", { value: this });
    box.dispatchEvent(event);
  }
}

/** @param {string} path of a template @param {string} id of a part of it */
export function made(path, id) {
  const [first, ...parts] = partsOf(path, id);
  first.append(...parts);
  return first;
}

/** @param {Node} node @param {string} path of a template, all of which comes into the node */
export function filled(node, path) {
  node.append(...partsOf(path));
  return node;
}

globalThis.document = Object.assign(new Node("document"), {
  activeElement: null,
  body: new Node("body"),
  documentElement: new Node("html"),
  createElement: (tag) => new Node(tag),
  createElementNS: (_, tag) => new Node(tag),
  getElementById: (id) => ({ content: { firstElementChild: { cloneNode: () => made("_attachments.html", id) } } }),
});
globalThis.HTMLElement = Node;
globalThis.Image = class extends Node {
  async decode() {}
};
globalThis.customElements = { define() {} };
globalThis.devicePixelRatio = 1;
globalThis.addEventListener = () => {};
