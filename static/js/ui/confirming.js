/**
 * Asks before something that cannot be taken back, in the page's own dialog.
 * @param {{title: string, text: string, yes: string}} question
 * @returns {Promise<boolean>}
 */
export function confirmed({ title, text, yes }) {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("confirm"));
  for (const [id, words] of [
    ["confirm-title", title],
    ["confirm-text", text],
    ["confirm-yes", yes],
  ]) {
    const place = document.getElementById(/** @type {string} */ (id));
    if (place) place.textContent = /** @type {string} */ (words);
  }
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((decided) => {
    dialog.addEventListener("close", () => decided(dialog.returnValue === "yes"), { once: true });
  });
}
