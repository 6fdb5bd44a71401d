// Attachments: sealed, changed by a rule, opened.

import { padme, sealedSize } from "../../static/js/crypto/blob.js";
import { concat, hex, sha256 } from "../../static/js/crypto/encoding.js";
import { opened, sealed } from "./blobs.js";
import { read, reads } from "./octets.js";

/** @type {Record<string, (given: any) => any>} */
export const BLOBS = {
  blob_seal: async (given) => {
    const { blob, key } = await seal(given);
    return { length: sealedSize(key, given.role), hash: hex(await sha256(blob)) };
  },
  blob_open: async (given) => {
    const { blob, key } = await seal(given);
    const changed = tampered(blob, given);
    // Of the blob as it came, so that the chunks themselves must hold; or of the one that was sealed.
    const hash = given.open_hash === "sealed" ? key.hash : await sha256(changed);
    const expected = { fk: read(given.open_fk), size: given.open_size, hash, log2: given.open_log2 };
    const plain = await opened(changed, expected, given.open_role);
    return { length: plain.length, hash: hex(await sha256(plain)) };
  },
  padme_length: ({ length }) => ({ padded: padme(length) }),
};

/** @param {any} given */
function seal(given) {
  const [plaintext, fk, salt] = reads(given, "plaintext", "fk", "salt");
  return sealed(plaintext, given.role, { fk, salt, log2: given.log2 });
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
