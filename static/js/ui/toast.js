import { gettext } from "../text.js";

const SHOWN_MS = 5_000;
const WITH_ACTION_MS = 8_000; // long enough to read, decide and reach the button

/**
 * A short word above what is at the bottom of the page, spoken politely. One at a time: a newer one
 * takes its place. It leaves by itself, but not while pointed at or focused.
 * @param {string} message
 * @param {{action?: string, onAction?: () => void, ms?: number | undefined, holds?: boolean}} [options]
 *   holds: it stays while it is pointed at
 * @returns {() => void} takes it away
 */
export function toast(message, { action, onAction, ms, holds = true } = {}) {
  const box = document.createElement("div");
  box.className = "toast";
  const words = document.createElement("span");
  words.textContent = message;
  box.append(words);
  const close = () => box.remove();
  if (action) box.append(actionButton(action, onAction, close));
  place().replaceChildren(box);
  leaveAfter(box, ms ?? (action ? WITH_ACTION_MS : SHOWN_MS), close, holds);
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
 * @param {boolean} holds
 */
function leaveAfter(box, ms, close, holds) {
  let timer = setTimeout(close, ms);
  if (!holds) return;
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
  const composer = document.querySelector("chat-composer");
  if (composer) new ResizeObserver(() => keepClear(region, composer)).observe(composer);
  return region;
}

/** It never covers what somebody writes. @param {HTMLElement} region @param {Element} composer */
function keepClear(region, composer) {
  region.style.setProperty("--below", `${composer.getBoundingClientRect().height}px`);
}
