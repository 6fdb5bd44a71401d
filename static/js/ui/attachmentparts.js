// What the three kinds of attachments in a bubble have in common: their name, their failures.

import { fileName } from "../chat/filenames.js";
import { gettext } from "../text.js";
import { part } from "./bubbles.js";

/** @param {unknown} error @returns {string} for whyNotLoaded() */
export function codeOf(error) {
  const { code, name } = /** @type {{code?: unknown, name?: string}} */ (error ?? {});
  if (typeof code === "string") return code;
  return name === "AbortError" ? "aborted" : "failed";
}

/**
 * The ending stands in an element of its own: nothing before it can turn it or push it out of sight.
 * @param {HTMLElement} node
 * @param {string} name as it was sent
 */
export function putName(node, name) {
  const { base, ending } = fileName(name);
  part(node, "base").textContent = base || gettext("File");
  part(node, "ending").textContent = ending;
}
