// Messages: derivation, sealing, opening, the JSON inside, the commitment.

import { parseContent } from "../../static/js/crypto/content.js";
import { cat, hex, sha256 } from "../../static/js/crypto/encoding.js";
import * as envelope from "../../static/js/crypto/envelope.js";
import { parseEpoch } from "../../static/js/crypto/epochs.js";
import { aeadSeal, hkdf } from "../../static/js/crypto/symmetric.js";
import { read, reads } from "./octets.js";
import { generationOf } from "./vector_functions_epochs.js";

/** @type {Record<string, (given: any) => any>} */
export const MESSAGES = {
  direction_key: async ({ secret, sender }) => {
    return { key: hex(await envelope.directionKey(read(secret), read(sender))) };
  },
  commitment: async (given) => {
    const [kf, conn, sender, mid, body] = reads(given, "kf", "conn", "sender", "mid", "body");
    return { commitment: hex(await envelope.commit(kf, conn, sender, mid, body)) };
  },
  message_header: async (given) => {
    const commitment = read(given.commitment);
    const epochHash = read(given.epoch_hash);
    const header = envelope.encodeHeader({ ...fieldsOf(given), n: given.n, epochHash, commitment });
    return { header: hex(header), hash: hex(await sha256(header)) };
  },
  message_encrypt: async (given) => {
    const [header, kf, body, salt] = reads(given, "header", "kf", "body", "salt");
    const direction = await envelope.directionKey(read(given.secret), read(given.sender));
    const both = await hkdf(salt, direction, cat("m1:msg", await sha256(header)), 44);
    const ct = await aeadSeal(both.slice(0, 32), both.slice(32), envelope.padded(kf, body), header);
    return { length: ct.length, hash: hex(await sha256(ct)) };
  },
  message_seal: async (given) => {
    const { epoch, secret } = await openOf(given);
    const fields = { ...fieldsOf(given), conn: epoch.conn, n: epoch.n, epochHash: epoch.hash };
    const [body, seed, kf, salt] = reads(given, "body", "user_seed", "kf", "salt");
    const sealed = await envelope.sealBytes(secret, fields, body, seed, { kf, salt });
    const { hdr, ct, sm } = envelope.parseEnvelope(sealed.body);
    return {
      length: sealed.body.length,
      hash: hex(await sha256(sealed.body)),
      header_hash: hex(await sha256(hdr)),
      ciphertext_length: ct.length,
      ciphertext_hash: hex(await sha256(ct)),
      self_mac: hex(sm),
      commitment: hex(sealed.commitment),
    };
  },
  message_open: async (given) => {
    const open = await openOf(given);
    const [body, salt, me] = reads(given, "envelope", "salt", "own_uid");
    const seed = given.user_seeds[generationOf(open.epoch, me)];
    const { header, m, kf } = await envelope.openSealed({ body, salt, open, me, seed: seed && read(seed) });
    const { sender, device, ctr, mid, kind, ttl } = header;
    const ids = { sender: hex(sender), device: hex(device), mid: hex(mid) };
    return { body_hash: hex(await sha256(m)), kf: hex(kf), ...ids, ctr, kind, ttl };
  },
  message_bucket: ({ length }) => ({ bucket: envelope.bucket(length) }),
  body_parse: ({ body, ctr }) => ({ members: Object.keys(parseContent(read(body), ctr)).sort() }),
};

/** @param {any} given */
async function openOf({ record, secret }) {
  return { epoch: await parseEpoch(read(record)), secret: read(secret) };
}

/** @param {any} given */
function fieldsOf({ ctr, kind, ttl, ...given }) {
  const [sender, device, mid] = reads(given, "sender", "device", "mid");
  return { conn: given.conn && read(given.conn), sender, device, ctr, mid, kind, ttl };
}
