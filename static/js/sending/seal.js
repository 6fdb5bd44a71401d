// A waiting message becomes an envelope, at its first transmission (docs/encryption.md 4.8, 4.13).

import { blobsOf } from "../chat/content.js";
import { attachments } from "../crypto/content.js";
import { b64, fromB64 } from "../crypto/encoding.js";
import { sealMessage } from "../crypto/envelope.js";
import { side } from "../crypto/epochs.js";
import { refusal } from "./codes.js";

/** @typedef {import("./queue.js").Entry} Entry */
/** @typedef {import("./queue.js").Turn} Turn */
/** @typedef {import("./queue.js").Sealed} Sealed */
/** @typedef {import("../crypto/encoding.js").Bytes} Bytes */
/** @typedef {import("../crypto/devicelist.js").Link} Link */
/** @typedef {{row: {peer: string}, have: number, sentUnder: (n: number) => number}} Talk what sealing asks of a conversation */

/**
 * @param {object} parts
 * @param {import("../keys/epochstore.js").Me} parts.me
 * @param {import("../people/devicelists.js").DeviceLists} parts.deviceLists
 * @param {import("../keys/epochrotation.js").EpochRotation} parts.rotation
 * @param {(conv: string) => Talk | undefined} parts.conversation
 * @param {(entry: Entry) => Promise<number | undefined>} parts.erased seq of the row that the server empties with a deletion
 * @param {() => number} parts.now
 * @returns {(entry: Entry, turn: Turn) => Promise<Sealed>}
 */
export function sealer({ me, deviceLists, rotation, conversation, erased, now }) {
  return async (entry, turn) => {
    const talk = conversation(entry.conv);
    if (!talk) throw refusal("not_connected");
    const { peer } = talk.row;
    const known = await deviceLists.of(peer).catch(judged);
    if (!known.links.length) throw refusal("not_connected"); // the server shows it to contacts alone
    if (known.reset) throw refusal("identity"); // until the person has looked at the new one
    const open = await rotation.forSending(entry.conv, peer, (n) => talk.sentUnder(n)).catch(judged);
    const seed = me.seeds.get(side(open.epoch, me.uid).g);
    if (!seed) throw refusal("later"); // a new generation whose wrap this device is still fetching
    const mine = await deviceLists.of(b64(me.uid));
    const heads = { me: headOf(mine.links), peer: headOf(known.links) };
    const prev = turn.commitments.at(-1);
    const ctr = turn.ctr + 1;
    const sealed = await sealMessage({
      open,
      sender: me.uid,
      device: me.device,
      ctr,
      seed,
      content: {
        ...said(entry.content),
        ts: now(),
        heads,
        ...(ctr > 1 && prev !== undefined && { prev: fromB64(prev, 32) }),
      },
    });
    const frame = frameOf(entry.conv, talk.have, open.epoch.n, sealed);
    const blobs = blobsOf(entry.content).map(({ entry: { blob } }) => blob);
    const seq = await erased(entry);
    const { ref } = entry.content;
    const more = { ...(blobs.length && { blobs }), ...(seq && ref && { erase: { seq, client_id: ref } }) };
    return { ctr, commitment: b64(sealed.commitment), frame: { ...frame, ...more } };
  };
}

/** @param {import("../chat/content.js").Content} content */
function said({ ref, att, ...content }) {
  return { ...content, ...(ref !== undefined && { ref: fromB64(ref, 16) }), ...(att && { att: attachments(att) }) };
}

/**
 * @param {string} conv
 * @param {number} after_seq
 * @param {number} epoch
 * @param {Awaited<ReturnType<typeof sealMessage>>} sealed
 */
function frameOf(conv, after_seq, epoch, { mid, body, salt, header: { kind, ttl } }) {
  return { client_id: b64(mid), conv, after_seq, epoch, kind, ttl, body: b64(body), salt: b64(salt) };
}

/** @param {Link[]} links */
function headOf(links) {
  const { k, hash } = /** @type {Link} */ (links.at(-1));
  return { k, hash };
}

/**
 * A failure of the network is no reason to give a message up; what the server says of the pair is.
 * @param {any} error
 * @returns {never}
 */
function judged(error) {
  const { name, code, status } = error;
  if (code === "wrong_epoch") throw refusal("later"); // the head moved on meanwhile
  if (name !== "ApiError") throw error;
  if (status === 404 || code === "not_connected") throw refusal("not_connected");
  throw refusal(code === "stale_list" ? code : "later");
}
