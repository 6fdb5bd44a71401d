// Deleting the account: with the password, and once it has begun, no way back. The server does it in steps while
// this page asks how far it is; the receipt is the person's to keep.

import { api, deleteAccount, provePassword } from "../account/account.js";
import { fromB64, hex } from "../crypto/encoding.js";
import { format, gettext } from "../text.js";
import { allRight, byId, onSubmit, tell } from "../ui/forms.js";
import { saveBlob } from "../ui/saving.js";
import { endingSession } from "./starting.js";
import { Steps } from "./steps.js";

/** @typedef {import("../protocol.js").Receipt} Receipt */

const AGAIN_MS = 3000; // where the server does not answer

/**
 * @param {() => void} stop ends what the page does with the keys
 * @param {{prove: typeof provePassword, remove: typeof deleteAccount}} [account]
 * @returns {() => void} opens the dialog
 */
export function wireDeletion(stop, { prove, remove } = { prove: provePassword, remove: deleteAccount }) {
  const dialog = byId("delete-dialog");
  const steps = new Steps(dialog);
  const form = dialog.querySelector("form");
  const [password, erase, progress] = [
    byId("delete-password"),
    byId("delete-erase"),
    form.querySelector("[data-progress]"),
  ];
  let begun = false;
  const submit = async () => {
    if (!allRight([[password, password.value ? "" : gettext("Type your password.")]])) return;
    progress.textContent = gettext("Turning your password into a key. This takes a moment, on purpose.");
    try {
      await prove(password.value);
      if (!dialog.open) return; // they closed it meanwhile, and keep their account
      /** @type {Receipt | undefined} */
      let receipt;
      await endingSession(async () => {
        receipt = await remove({ erase: erase.checked, stop });
      });
      begun = true;
      if (!dialog.open) return location.assign("/");
      form.reset();
      steps.show("receipt");
      if (receipt) await follow(receipt, dialog);
    } finally {
      progress.textContent = "";
    }
  };
  onSubmit(form, submit, { wrong: gettext("That is not your password.") });
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  dialog.querySelector("[data-done]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    if (begun) return location.assign("/");
    form.reset();
    tell(form, "");
  });
  return () => {
    steps.show("ask");
    dialog.showModal();
  };
}

/** @param {Receipt} receipt @param {HTMLElement} dialog */
async function follow(receipt, dialog) {
  let now = receipt;
  while (!now.ended) {
    show(now, dialog);
    now = await api.post("/api/deletion/step", { receipt: now.receipt }).catch(() => later(now));
  }
  show(now, dialog);
  const save = /** @type {HTMLButtonElement} */ (dialog.querySelector("[data-save]"));
  save.hidden = false;
  save.addEventListener("click", () => saveBlob(new Blob([words(now).join("\n")]), "receipt.txt"));
}

/** @param {Receipt} receipt @returns {Promise<Receipt>} */
function later(receipt) {
  return new Promise((resolve) => setTimeout(() => resolve(receipt), AGAIN_MS));
}

/** @param {Receipt} receipt @param {HTMLElement} dialog */
function show(receipt, dialog) {
  const status = /** @type {HTMLElement} */ (dialog.querySelector("[data-state]"));
  const said = receipt.ended
    ? gettext("Your account is deleted.")
    : gettext("It is being deleted. You may close this page: the server goes on by itself.");
  if (status.textContent !== said) status.textContent = said; // else it is read out again
  const lines = words(receipt).map((text) => Object.assign(document.createElement("li"), { textContent: text }));
  /** @type {HTMLElement} */ (dialog.querySelector("[data-receipt]")).replaceChildren(...lines);
}

/** @param {Receipt} receipt */
function words(receipt) {
  const { name, began, ended, erase, left } = receipt;
  const lines = /** @type {[string, string | number][]} */ ([
    [gettext("Receipt: {value}"), hex(fromB64(receipt.receipt, 16))],
    [gettext("Account: {value}"), name],
    [gettext("Begun: {value}"), moment(began)],
    ...(ended ? [[gettext("Ended: {value}"), moment(ended)]] : []),
    [gettext("Sessions ended: {value}"), receipt.sessions],
    [gettext("Devices removed: {value}"), receipt.devices],
    [gettext("Sealed keys deleted: {value}"), receipt.keys],
    [gettext("Notes about contacts deleted: {value}"), receipt.notes],
    [gettext("Chats closed: {value}"), receipt.conversations],
    ...(erase ? [[gettext("Messages of yours deleted: {value}"), receipt.messages]] : []),
    ...(ended ? [[gettext("Invites deleted: {value}"), receipt.invites]] : []),
    ...(ended ? [[gettext("Files of no message deleted: {value}"), receipt.files]] : []),
    ...(ended ? [] : [[gettext("Chats that are still to come: {value}"), left]]),
  ]);
  return lines.map(([text, value]) => format(text, { value }));
}

/** In UTC, as the operator's receipt has it. @param {number} ms */
function moment(ms) {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
