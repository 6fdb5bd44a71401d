import { gettext } from "../text.js";

const SHOWN_MS = 5_000;
const WITH_ACTION_MS = 8_000; // long enough to read, decide and reach the button

/**
 * A short word at the bottom of the page, spoken politely; it leaves by itself, but not while
 * pointed at or focused.
 * @param {string} message
 * @param {{action?: string, onAction?: () => void, ms?: number}} [options]
 * @returns {() => void} takes it away
 */
export function toast(message, { action, onAction, ms } = {}) {
  const box = document.createElement("div");
  box.className = "toast";
  const words = document.createElement("span");
  words.textContent = message;
  box.append(words);
  const close = () => box.remove();
  if (action) box.append(actionButton(action, onAction, close));
  place().append(box);
  leaveAfter(box, ms ?? (action ? WITH_ACTION_MS : SHOWN_MS), close);
  return close;
}

/**
 * @param {string} action
 * @param {(() => void) | undefined} onAction
 * @param {() => void} close
 */
function actionButton(action, onAction, close) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = action;
  button.addEventListener("click", () => {
    close();
    onAction?.();
  });
  return button;
}

/**
 * @param {HTMLElement} box
 * @param {number} ms
 * @param {() => void} close
 */
function leaveAfter(box, ms, close) {
  let timer = setTimeout(close, ms);
  const hold = () => clearTimeout(timer);
  const release = () => {
    hold();
    timer = setTimeout(close, ms);
  };
  box.addEventListener("pointerenter", hold);
  box.addEventListener("focusin", hold);
  box.addEventListener("pointerleave", release);
  box.addEventListener("focusout", release);
}

/** The live region has to stand before its text comes, or screen readers miss it. */
function place() {
  const found = document.querySelector(".toasts");
  if (found) return found;
  const region = document.createElement("div");
  region.className = "toasts";
  region.setAttribute("role", "status");
  region.setAttribute("aria-label", gettext("Notices"));
  document.body.append(region);
  return region;
}
