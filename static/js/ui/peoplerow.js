// One person as a row, with what can be done about the pair as it stands.

import { STATE } from "../chat/contactstate.js";
import { format, gettext } from "../text.js";
import { cloned, part } from "./bubbles.js";
import { avatarOf, chatAddress, nameOf } from "./person.js";
import { showStanding } from "./verifiedmark.js";

/** @typedef {import("../people/contacts.js").Contact} Contact */
/** @typedef {import("../protocol.js").Person} Person */
/** @typedef {{act: string, words: string, look?: string}} Doing */

/** By the state that the person sees; 0 = no pair yet. @type {Record<number, () => Doing[]>} */
const DOINGS = {
  0: () => [{ act: "request", words: gettext("Ask to chat"), look: "button-primary" }],
  [STATE.ASKED]: () => [{ act: "withdraw", words: gettext("Withdraw") }],
  [STATE.ASKS]: () => [
    { act: "accept", words: gettext("Accept"), look: "button-primary" },
    { act: "decline", words: gettext("Decline") },
    { act: "block", words: gettext("Block"), look: "button-quiet-danger" },
    ...(reporting() ? [{ act: "report", words: gettext("Report"), look: "button-quiet-danger" }] : []),
  ],
  // Blocking is not last: what was there a moment ago may have had a click on its way.
  [STATE.CONNECTED]: () => [
    { act: "block", words: gettext("Block"), look: "button-quiet-danger" },
    { act: "open", words: gettext("Write"), look: "button-primary" },
  ],
  [STATE.CLOSED]: () => [{ act: "request", words: gettext("Ask to chat"), look: "button-primary" }],
  [STATE.BLOCKED]: () => [{ act: "unblock", words: gettext("Unblock") }],
};

/** The page has the dialog where the site takes reports. */
const reporting = () => document.querySelector("chat-report") !== null;
const CONNECT = () => [{ act: "connect", words: gettext("Connect"), look: "button-primary" }];
const SETTLED = new Set([STATE.CONNECTED, STATE.BLOCKED]);

/** @param {Contact} contact @returns {HTMLElement} */
export function contactRow(contact) {
  return row(contact.peer, contact, contact.state, contact.conv);
}

/**
 * Somebody found, who may be known already: a list of one.
 * @param {Person} person
 * @param {Contact[]} contacts
 * @param {boolean} connects their link answers every request between us
 */
export function foundPerson(person, contacts, connects) {
  const contact = contacts.find(({ peer }) => peer.uid === person.uid);
  const list = document.createElement("ul");
  list.className = "list card card-flush";
  list.setAttribute("role", "list");
  list.append(row(person, contact ?? { peer: person }, contact?.state ?? 0, contact?.conv, connects));
  return list;
}

/**
 * @param {Person} person
 * @param {import("./person.js").Named & {standing?: import("../people/verification.js").Standing}} named
 * @param {number} state
 * @param {string | undefined} conv
 * @param {boolean} [connects]
 */
function row(person, named, state, conv, connects = false) {
  const node = cloned("person");
  const name = nameOf(named);
  node.dataset.peer = person.uid;
  node.dataset.state = String(state);
  node.dataset.name = name;
  part(node, "avatar").replaceWith(avatarOf(person.uid, named));
  part(node, "name").textContent = name;
  showStanding(part(node, "verified"), named.standing === "verified" ? named.standing : "none");
  part(node, "username").textContent = person.name ? `@${person.name}` : "";
  part(node, "actions").replaceChildren(...actions(state, name, conv, connects));
  return node;
}

/**
 * @param {number} state
 * @param {string} name
 * @param {string} [conv]
 * @param {boolean} [connects]
 */
export function actions(state, name, conv, connects = false) {
  const doings = connects && !SETTLED.has(state) ? CONNECT : DOINGS[state];
  return (doings?.() ?? []).map(({ act, words, look = "" }) => {
    const button = act === "open" && conv ? link(conv) : document.createElement("button");
    if (button instanceof HTMLButtonElement) button.type = "button";
    button.className = `button ${look}`.trim();
    button.dataset.act = act;
    button.textContent = words;
    button.setAttribute("aria-label", format(gettext("{action}: {name}"), { action: words, name }));
    return button;
  });
}

/** @param {string} conv */
function link(conv) {
  const anchor = document.createElement("a");
  anchor.href = chatAddress(conv);
  return anchor;
}
