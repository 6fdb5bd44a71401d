// Two people of whom one writes, with the cryptography of a browser.

import { b64 } from "../../static/js/crypto/encoding.js";
import { sealer } from "../../static/js/sending/seal.js";
import { CONV, pair } from "./two_people.js";

export const NOW = 1_700_000_000_000;

/** Alice writes, Bob reads: the row as the server hands it on, and Bob's desk. */
export async function correspondence() {
  const parts = await pair();
  const { alice, bob, a, b } = parts;
  const talk = { row: { peer: bob.id }, have: 0, sentUnder: () => 0 };
  const seal = sealer({
    me: alice.me,
    deviceLists: a.deviceLists,
    rotation: a.rotation,
    conversation: () => talk,
    erased: async ({ erases }) => erases,
    now: () => NOW,
  });
  let turn = { ctr: 0, commitments: [] };
  /** @param {string | object} said a text, or the content @param {object} [more] of the entry in the outbox */
  const write = async (said, more = {}) => {
    const content = typeof said === "string" ? { t: "text", body: said } : said;
    const sealed = await seal({ id: "x", conv: CONV, content, ...more }, turn);
    turn = { ctr: sealed.ctr, commitments: [...turn.commitments, sealed.commitment] };
    const { frame, ctr } = sealed;
    const seq = ctr;
    return { t: "msg", ...frame, seq, ctr, ord: seq, time: NOW, sender: alice.id, device: b64(alice.me.device) };
  };
  const deskOf = (who, peer, { epochs, deviceLists }) => ({
    me: who.id,
    peer: peer.id,
    seeds: who.me.seeds,
    deviceLists,
    epoch: (n) => epochs.open(CONV, peer.id, n),
  });
  return { ...parts, write, desk: deskOf(bob, alice, b), own: deskOf(alice, bob, a) };
}
