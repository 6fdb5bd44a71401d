// A waiting text becomes an envelope, at its first transmission (encryption.md 4.8, 4.13).

import { b64, fromB64 } from "../crypto/encoding.js";
import { sealMessage } from "../crypto/envelope.js";
import { side } from "../crypto/epochs.js";

/** @typedef {import("../outbox.js").Entry} Entry */
/** @typedef {import("../outbox.js").Turn} Turn */
/** @typedef {import("../outbox.js").Sealed} Sealed */
/** @typedef {import("../crypto/encoding.js").Bytes} Bytes */
/** @typedef {import("../crypto/devicelist.js").Link} Link */

/**
 * @param {object} parts
 * @param {import("./epochreader.js").Me} parts.me
 * @param {import("./directory.js").Directory} parts.directory
 * @param {import("./epochkeeper.js").EpochKeeper} parts.keeper
 * @param {(conv: string) => import("./conversation.js").Conversation | undefined} parts.conversation
 * @param {() => number} parts.now
 * @returns {(entry: Entry, turn: Turn) => Promise<Sealed>}
 */
export function sealer({ me, directory, keeper, conversation, now }) {
  return async (entry, turn) => {
    const talk = conversation(entry.conv);
    if (!talk) throw refusal("not_connected");
    const { peer } = talk.row;
    const known = await directory.of(peer).catch(judged);
    if (!known.links.length) throw refusal("not_connected"); // the server shows it to contacts alone
    if (known.reset) throw refusal("identity"); // until the person has looked at the new one
    const open = await keeper.forSending(entry.conv, peer, (n) => talk.sentUnder(n)).catch(judged);
    const seed = me.seeds.get(side(open.epoch, me.uid).g);
    if (!seed) throw refusal("later"); // a new generation whose wrap this device is still fetching
    const mine = await directory.of(b64(me.uid));
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
        t: "text",
        ts: now(),
        heads,
        body: entry.text,
        ...(ctr > 1 && prev !== undefined && { prev: fromB64(prev, 32) }),
      },
    });
    return { ctr, commitment: b64(sealed.commitment), frame: frameOf(entry.conv, talk.have, open.epoch.n, sealed) };
  };
}

/**
 * @param {string} conv
 * @param {number} after_seq
 * @param {number} epoch
 * @param {{mid: Bytes, body: Bytes, salt: Bytes}} sealed
 */
function frameOf(conv, after_seq, epoch, { mid, body, salt }) {
  return { client_id: b64(mid), conv, after_seq, epoch, kind: 1, ttl: 0, body: b64(body), salt: b64(salt) };
}

/** @param {Link[]} links */
function headOf(links) {
  const { k, hash } = /** @type {Link} */ (links.at(-1));
  return { k, hash };
}

/** @param {string} code */
function refusal(code) {
  return Object.assign(new Error(code), { code });
}

/**
 * The network's moods are no reason to give a message up; what the server says of the pair is.
 * @param {any} error
 * @returns {never}
 */
function judged(error) {
  const { name, code, status } = error;
  if (code === "wrong_epoch") throw refusal("later"); // the head moved on under our feet
  if (name !== "ApiError") throw error;
  if (status === 404 || code === "not_connected") throw refusal("not_connected");
  throw refusal(code === "stale_list" ? code : "later");
}
