// A safety number that somebody pasted, beside the one here: digits as people send them, or the text of
// the QR code.

export const DIGITS = 60;
const CODE = /^[\w+/]{87}=$/; // base64 of 65 bytes
const GROUPS = /(?<!\d)\d{5}(?:\D{0,3}\d{5}){11}(?!\d)/; // inside a sentence with other numbers

/** @typedef {"empty" | "part" | "same" | "different"} Outcome */

/**
 * @param {string} pasted
 * @param {{digits: string, code: string}} mine
 * @returns {{outcome: Outcome, count: number}} count of digits
 */
export function compared(pasted, { digits, code }) {
  const text = pasted.normalize("NFKC").replace(/\s+/g, " ").trim();
  if (CODE.test(text)) return { outcome: text === code ? "same" : "different", count: DIGITS };
  const found = (GROUPS.exec(text)?.[0] ?? text).replace(/\D/g, "");
  const count = found.length;
  if (count < DIGITS) return { outcome: text ? "part" : "empty", count };
  return { outcome: found === digits.replaceAll(" ", "") ? "same" : "different", count };
}
