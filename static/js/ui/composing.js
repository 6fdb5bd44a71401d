// How much of a message still fits: the envelope holds 32,732 bytes of M, in which the text
// stands as JSON beside what every message carries (docs/encryption.md 4.8).

import { format, ngettext } from "../text.js";

export const TEXT_MAX = 32_732 - 512; // heads, ts and prev take at most 300 bytes; the rest is room
export const WARN_AT = 2000; // bytes left from which on the person is told

/** @param {string} text @returns {number} negative: too long for one message */
export function bytesLeft(text) {
  return TEXT_MAX - new TextEncoder().encode(JSON.stringify(text)).length;
}

/** The same in characters, as many as it takes of those that stand there: a person counts no bytes. @param {string} text */
export function roomWords(text) {
  const left = bytesLeft(text);
  const count = Math.ceil((Math.abs(left) * text.length) / (TEXT_MAX - left));
  const words =
    left < 0
      ? ngettext(
          "This is about {count} character too long for one message. Split it in two.",
          "This is about {count} characters too long for one message. Split it in two.",
          count,
        )
      : ngettext("Room for about {count} character", "Room for about {count} characters", count);
  return format(words, { count });
}

/**
 * Whether this key press in a field that finds something chooses from it. The same Enter of an IME, and what selects or moves, do not.
 * @param {{key: string, shiftKey: boolean, ctrlKey: boolean, metaKey: boolean, altKey: boolean, isComposing: boolean, keyCode: number}} event
 */
export function chooses({ key, shiftKey, ctrlKey, metaKey, altKey, isComposing, keyCode }) {
  const held = shiftKey || ctrlKey || metaKey || altKey;
  return (key === "Enter" || key === "ArrowDown") && !held && !isComposing && keyCode !== 229;
}

/**
 * Whether this key press sends. An IME uses Enter to choose a word (keyCode 229 in Safari, where
 * isComposing is false again by then); a finger has no Shift.
 * @param {{key: string, shiftKey: boolean, isComposing: boolean, keyCode: number}} event
 * @param {boolean} byFinger
 */
export function sends({ key, shiftKey, isComposing, keyCode }, byFinger) {
  return key === "Enter" && !shiftKey && !isComposing && keyCode !== 229 && !byFinger;
}

/**
 * Whether this key press, on a part of the chat that has no use for it, begins to write: a character, or pasting.
 * A space scrolls there.
 * @param {{key: string, ctrlKey: boolean, metaKey: boolean, altKey: boolean, isComposing: boolean}} event
 */
export function begins({ key, ctrlKey, metaKey, altKey, isComposing }) {
  if (isComposing || altKey) return false;
  if (ctrlKey || metaKey) return key.toLowerCase() === "v";
  return key !== " " && [...key].length === 1;
}
