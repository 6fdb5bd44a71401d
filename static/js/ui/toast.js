import { gettext } from "../text.js";

const SHOWN_MS = 5_000;
const WITH_ACTION_MS = 8_000; // long enough to read, decide and reach the button

/** @type {HTMLElement | undefined} */ let region;
let again = () => {}; // the one that is shown stays as long as a new one

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

/** Before there is something to say, so that a screen reader hears the first one, too. */
export function readyToTell() {
  place();
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
  again = () => {};
  if (!holds) return;
  const hold = () => clearTimeout(timer);
  const release = () => {
    hold();
    timer = setTimeout(close, ms);
  };
  again = release;
  box.addEventListener("pointerenter", hold);
  box.addEventListener("focusin", hold);
  box.addEventListener("pointerleave", release);
  box.addEventListener("focusout", release);
}

/**
 * The live region has to stand before its text comes, or screen readers miss it. While a dialog is open nothing
 * outside of it can be heard or reached: the region goes along into it and back.
 * @returns {HTMLElement}
 */
function place() {
  region ??= made();
  follow(region);
  region.ariaLive = "polite";
  return region;
}

function made() {
  const made = document.createElement("div");
  made.className = "toasts";
  made.setAttribute("role", "status");
  made.setAttribute("aria-label", gettext("Notices"));
  const composer = document.querySelector("chat-composer");
  if (composer) new ResizeObserver(() => keepClear(made, composer)).observe(composer);
  const dialogs = { subtree: true, attributes: true, attributeFilter: ["open"] };
  new MutationObserver(() => follow(made)).observe(document, dialogs);
  return made;
}

/** What it says was said already: moved, it is silent. @param {HTMLElement} region */
function follow(region) {
  const host = document.activeElement?.closest("dialog:modal") ?? lastOf("dialog:modal") ?? document.body;
  if (region.parentElement === host) return;
  region.ariaLive = "off";
  host.append(region);
  again(); // the pointer or the focus that held it is elsewhere now
}

/** @param {string} selector @returns {Element | undefined} */
function lastOf(selector) {
  return [...document.querySelectorAll(selector)].at(-1);
}

/** It never covers what somebody writes. @param {HTMLElement} region @param {Element} composer */
function keepClear(region, composer) {
  region.style.setProperty("--below", `${composer.getBoundingClientRect().height}px`);
}
