// Attachments: sealed, changed by a rule, opened.

import { openBlob, padme, sealBlob } from "../../static/js/crypto/blob.js";
import { concat, hex, sha256 } from "../../static/js/crypto/encoding.js";
import { read, reads } from "./octets.js";

/** @type {Record<string, (given: any) => any>} */
export const BLOBS = {
  blob_seal: async (given) => {
    const { blob } = await seal(given);
    return { length: blob.length, hash: hex(await sha256(blob)) };
  },
  blob_open: async (given) => {
    const { blob } = await seal(given);
    const changed = tampered(blob, given);
    // The hash stands in M beside the key; here the chunks themselves must hold.
    const key = { fk: read(given.open_fk), size: given.open_size, hash: await sha256(changed), log2: changed[5] };
    const plain = await openBlob(changed, key, given.open_role);
    return { length: plain.length, hash: hex(await sha256(plain)) };
  },
  padme_length: ({ length }) => ({ padded: padme(length) }),
};

/** @param {any} given */
function seal(given) {
  const [plaintext, fk, salt] = reads(given, "plaintext", "fk", "salt");
  return sealBlob(plaintext, given.role, { fk, salt, log2: given.log2 });
}

/** @param {any} blob @param {any} given */
function tampered(blob, { set, keep, swap, append }) {
  const changed = blob.slice();
  for (const [offset, value] of set) changed[offset] = value;
  const kept = keep === null ? changed : changed.slice(0, keep);
  if (swap) {
    const [one, other, length] = swap;
    const left = kept.slice(one, one + length);
    kept.copyWithin(one, other, other + length);
    kept.set(left, other);
  }
  return concat(kept, read(append));
}
