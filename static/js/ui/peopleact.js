// A click on a row of a person becomes an action on the pair, named with the state that was seen.

import { STATE } from "../chat/contactstate.js";
import { bus } from "../tabs/bus.js";
import { format, gettext } from "../text.js";
import { explain } from "./explain.js";
import { busy } from "./forms.js";
import { chatAddress } from "./person.js";
import { toast } from "./toast.js";
import { done } from "./undo.js";

/** @typedef {import("../elements/chat-report.js").ChatReport} ChatReport */

/** @type {Record<string, (name: string) => string>} */
const DONE = {
  request: (name) => format(gettext("{name} has your request. You can write once they accept."), { name }),
  accept: () => "",
  decline: (name) => format(gettext("Declined. {name} is not told."), { name }),
  withdraw: () => gettext("Your request is withdrawn."),
  block: (name) => format(gettext("{name} is blocked, and is not told."), { name }),
  unblock: (name) => format(gettext("{name} is not blocked any more."), { name }),
};

/**
 * What takes it back, and the state in which that finds the pair.
 * @type {Record<string, [string, number | undefined]>}
 */
const BACK = {
  decline: ["reopen", STATE.CLOSED],
  withdraw: ["request", undefined],
  block: ["unblock", STATE.BLOCKED],
};

/**
 * @param {string} peer
 * @param {string} act
 * @param {number | undefined} state that the person saw
 * @param {string} name
 * @param {string} [invite] the token of one of theirs
 */
export async function actOn(peer, act, state, name, invite) {
  const ask = (/** @type {string} */ what, /** @type {number | undefined} */ seen) =>
    bus.ask("act", peer, what, seen, what === "request" ? invite : undefined);
  await ask(act, state);
  if (act === "accept") return openChat(peer);
  const words = DONE[act]?.(name) ?? "";
  const [back, found] = BACK[act] ?? [];
  if (back) done(words, () => ask(back, found));
  else toast(words);
}

/** Somebody who asks: there is no message of theirs yet. @param {string} uid @param {string} name */
async function reportPerson(uid, name) {
  const report = /** @type {ChatReport | null} */ (document.querySelector("chat-report"));
  const contact = { peer: { uid, name: "", display_name: name } };
  await report?.open({ contact, row: { peer: uid, conv: "" } });
}

/** A person who accepts wants to write. @param {string} peer */
async function openChat(peer) {
  const contact = (await bus.ask("contacts")).find((one) => one.peer.uid === peer);
  if (!contact) return;
  const pick = new CustomEvent("pick", { cancelable: true, detail: contact.conv });
  if (document.getElementById("main")?.dispatchEvent(pick)) location.assign(chatAddress(contact.conv));
}

/**
 * @param {Event} event
 * @param {string} [invite] the token of one of theirs
 * @returns {Promise<boolean>} whether something was done
 */
export async function actOnRow(event, invite) {
  const button = /** @type {HTMLButtonElement | null} */ (
    /** @type {HTMLElement} */ (event.target).closest("button[data-act]")
  );
  const row = /** @type {HTMLElement | null} */ (button?.closest("[data-peer]"));
  const { act = "" } = button?.dataset ?? {};
  const { peer, state = "0", name = "" } = row?.dataset ?? {};
  if (act === "report" && peer) await reportPerson(peer, name);
  if (!button || !peer || !DONE[act]) return false;
  return actBy(button, peer, act, Number(state) || undefined, name, invite);
}

/**
 * `actOn`, by a button that is busy meanwhile; what goes wrong is said.
 * @param {HTMLButtonElement} button
 * @param {Parameters<typeof actOn>} what
 * @returns {Promise<boolean>} whether it is done
 */
export async function actBy(button, ...what) {
  busy(button, true);
  try {
    await actOn(...what);
    return true;
  } catch (error) {
    toast(explain(error));
    return false;
  } finally {
    busy(button, false);
  }
}
