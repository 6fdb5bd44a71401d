import { gettext } from "../text.js";
import { icon } from "./icons.js";

const SHOWN_MS = 5_000;
const WITH_ACTION_MS = 8_000; // long enough to read, decide and reach the button
const SHOWN_MOST = 3; // at once: more would cover what they speak of

/** @typedef {() => void} Act */

/** @type {HTMLElement | undefined} */ let region;
/** @type {Set<Act>} shows one, when there is room */ const waiting = new Set();
/** @type {Map<string, Act>} takes away what is said and offers nothing, by its words */ const said = new Map();

/**
 * A short word above what is at the bottom of the page, spoken politely. It leaves by itself, but not while
 * pointed at or focused, or while nobody sees the page. A few stand one above the other, more wait; the same words stand there once.
 * @param {string} message
 * @param {{action?: string, onAction?: Act, onDismiss?: Act, ms?: number | undefined, holds?: boolean}} [options]
 *   onDismiss: it stays until the person takes the action or closes it
 *   holds: it stays while it is pointed at; without, its time runs from now, so it does not wait
 * @returns {Act} takes it away
 */
export function toast(message, { action, onAction, onDismiss, ms, holds = true } = {}) {
  const box = document.createElement("div");
  box.className = onDismiss ? "toast toast-stays" : "toast";
  const words = document.createElement("span");
  words.textContent = message;
  box.append(words);
  const giveBack = focusKept(box);
  const close = () => {
    giveBack();
    box.remove();
    waiting.delete(show);
    if (said.get(message) === close) said.delete(message);
    showNext();
  };
  const show = () => {
    place().append(box);
    if (!onDismiss) leaveAfter(box, ms ?? (action ? WITH_ACTION_MS : SHOWN_MS), close, holds);
  };
  if (action) box.append(button(action, close, onAction));
  else said.get(message)?.();
  if (onDismiss) box.append(closeButton(close, onDismiss));
  if (!action) said.set(message, close);
  if (holds) waiting.add(show);
  else show();
  showNext();
  return close;
}

/** Before there is something to say, so that a screen reader hears the first one, too. */
export function readyToTell() {
  place();
}

function showNext() {
  for (const show of waiting) {
    if (place().children.length >= SHOWN_MOST) return;
    waiting.delete(show);
    show();
  }
}

/**
 * @param {string} words
 * @param {Act} close
 * @param {Act} [act]
 */
function button(words, close, act) {
  const node = document.createElement("button");
  node.type = "button";
  node.textContent = words;
  node.addEventListener("click", () => {
    close();
    act?.();
  });
  return node;
}

/** @param {Act} close @param {Act} act */
function closeButton(close, act) {
  const node = button("", close, act);
  node.setAttribute("aria-label", gettext("Close"));
  node.append(icon("x"));
  return node;
}

/**
 * Somebody who came to it by keyboard goes on where they were.
 * @param {HTMLElement} box
 * @returns {Act}
 */
function focusKept(box) {
  /** @type {HTMLElement | null} */ let from = null;
  box.addEventListener("focusin", ({ relatedTarget }) => {
    const other = /** @type {HTMLElement | null} */ (relatedTarget);
    if (other && !box.contains(other)) from = other;
  });
  return () => {
    if (box.contains(document.activeElement)) from?.focus();
  };
}

/**
 * @param {HTMLElement} box
 * @param {number} ms
 * @param {Act} close
 * @param {boolean} holds
 */
function leaveAfter(box, ms, close, holds) {
  if (!holds) return void setTimeout(close, ms);
  /** @type {ReturnType<typeof setTimeout> | undefined} */ let timer;
  const hold = () => clearTimeout(timer);
  const leave = () =>
    document.hidden ? document.addEventListener("visibilitychange", release, { once: true }) : close();
  const release = () => {
    hold();
    timer = setTimeout(leave, ms);
  };
  release();
  for (const held of ["pointerenter", "focusin"]) box.addEventListener(held, hold);
  for (const left of ["focusout", "moved"]) box.addEventListener(left, release);
  box.addEventListener("pointerleave", () => box.contains(document.activeElement) || release());
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
  made.setAttribute("aria-atomic", "false"); // what stands there already was said
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
  // The pointer or the focus that held them is elsewhere now.
  for (const box of region.children) box.dispatchEvent(new Event("moved"));
}

/** @param {string} selector @returns {Element | undefined} */
function lastOf(selector) {
  return [...document.querySelectorAll(selector)].at(-1);
}

/** It never covers what somebody writes. @param {HTMLElement} region @param {Element} composer */
function keepClear(region, composer) {
  region.style.setProperty("--below", `${composer.getBoundingClientRect().height}px`);
}
