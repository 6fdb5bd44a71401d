// Files of a report, for staff: a picture is shown after a click, in a frame that has no origin and runs no script; what
// may be saved is saved. Each click fetches the file again, and is written into the audit log.

import { fromB64 } from "../crypto/encoding.js";
import { EVIDENCE_WORKER, newWorker } from "../crypto/workers.js";

/** @typedef {{page?: Blob, w?: number, h?: number, file?: Blob, error?: string}} Answer of workers/evidence.js */

const FORGET_MS = 60_000; // a browser has begun to save by then
const damaged = "What the server has is damaged or was changed, so it is not shown.";
/** @type {Record<string, string>} */
const WHY = {
  gone: "It is not on the server any more.",
  denied: "You are signed out here, or may not open it.",
  bad_blob: damaged,
  refused: damaged,
  bad_padding: damaged,
  cannot_open: damaged,
  disguised: "It is no picture, though its sender says so.",
  too_large_to_show: "It is too large to be shown.",
};

for (const found of document.querySelectorAll("[data-parts]")) {
  const node = /** @type {HTMLElement} */ (found);
  for (const button of node.querySelectorAll("button")) {
    button.hidden = false;
    button.addEventListener("click", () => void act(node, button));
  }
}

/** @param {HTMLElement} node of a file @param {HTMLButtonElement} button */
async function act(node, button) {
  const picture = button.dataset.act === "show";
  const frame = node.querySelector("iframe");
  if (picture && frame) return hide(frame, button);
  const status = /** @type {HTMLElement} */ (node.querySelector("[role=status]"));
  button.disabled = true;
  status.textContent = "Opening…";
  const { page, w = 0, h = 0, file, error } = await opened(node, picture);
  button.disabled = false;
  status.textContent = error ? (WHY[error] ?? "It did not load. Try again.") : "";
  if (page) show(page, w / h, w, node, button);
  if (file) save(file, node.dataset.name ?? "");
}

/** @param {HTMLElement} node @param {boolean} picture @returns {Promise<Answer>} */
function opened({ dataset }, picture) {
  const { parts, fk, digest, size, log2 } = dataset;
  const key = { fk: fromB64(fk, 32), hash: fromB64(digest, 32), size: Number(size), log2: Number(log2) };
  const worker = newWorker(EVIDENCE_WORKER, { type: "module" });
  return new Promise((/** @type {(answer: Answer) => void} */ done) => {
    worker.addEventListener("message", ({ data }) => done(data));
    worker.addEventListener("error", () => done({ error: "not_loaded" }));
    worker.postMessage({ parts: new URL(parts ?? "", location.href).href, key, picture });
  }).finally(() => worker.terminate());
}

/** @param {Blob} page @param {number} ratio @param {number} width @param {HTMLElement} node @param {HTMLButtonElement} button */
function show(page, ratio, width, node, button) {
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", ""); // no origin, no script
  frame.title = `Picture ${node.dataset.name ?? ""}`;
  frame.className = "reported-picture";
  frame.style.aspectRatio = String(ratio);
  frame.style.inlineSize = `min(100%, ${width}px)`;
  frame.src = URL.createObjectURL(page);
  node.append(frame);
  button.textContent = "Hide picture";
}

/** @param {HTMLIFrameElement} frame @param {HTMLButtonElement} button */
function hide(frame, button) {
  URL.revokeObjectURL(frame.src);
  frame.remove();
  button.textContent = "Show picture";
}

/** @param {Blob} file @param {string} name */
function save(file, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([file], { type: "application/octet-stream" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), FORGET_MS);
}
