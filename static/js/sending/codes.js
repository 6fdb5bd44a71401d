// What was in the way of a message or its files, as a code that pages have words for.

/** @param {unknown} error */
export function codeOf(error) {
  return /** @type {{code?: string}} */ (error).code ?? "later";
}

/** @param {string} code */
export function refusal(code) {
  return Object.assign(new Error(code), { code });
}
