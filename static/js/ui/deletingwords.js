// Why a deletion for everyone has not gone out, in words.

import { gettext } from "../text.js";

/** @typedef {import("../sending/queue.js").Entry} Entry */

/** @type {Record<string, () => string>} */
const WAITS = {
  offline: () =>
    gettext("Not deleted for everyone yet: there is no connection. It is deleted when you are back online."),
  identity: () => gettext("Not deleted for everyone yet: decide about the new security identity first."),
};

/** Why a deletion has not gone out; empty where that is not worth a word. @param {Entry} entry */
export function whyNotDeleted({ failed, waits }) {
  if (failed === "not_connected")
    return gettext("Not deleted for everyone: you are not connected with this person any more.");
  if (failed) return gettext("Not deleted for everyone: the server refuses it.");
  const otherwise = () => gettext("Not deleted for everyone yet. This browser keeps trying.");
  return waits ? (WAITS[waits] ?? otherwise)() : "";
}
