// Reports: the key they are sealed to, and their bytes.

import { hex, sha256 } from "../../static/js/crypto/encoding.js";
import { encodeItem, encodeReport, readModerationKey, reportInfo } from "../../static/js/crypto/report.js";
import { read, reads } from "./octets.js";

/** @type {Record<string, (given: any) => any>} */
export const REPORTS = {
  moderation_key: async (given) => {
    const [identity, record, signature] = reads(given, "identity", "record", "signature");
    const { kid, publicKey, notAfter } = await readModerationKey(identity, record, signature);
    return { kid, public_hash: hex(await sha256(publicKey)), not_after: notAfter };
  },
  report_item: async (given) => measured(encodeItem(itemOf(given))),
  report_plain: async ({ note, items, ...given }) => {
    const [reporter, peer] = reads(given, "reporter", "peer");
    return measured(encodeReport({ reporter, peer, note, items: items.map(itemOf) }));
  },
  report_info: ({ kid, report, reporter }) => ({ bytes: hex(reportInfo(kid, read(report), read(reporter))) }),
};

/** @param {any} given */
function itemOf({ kid, server_ms: time, seq, chosen, ...given }) {
  const [hdr, m, kf, r, ctHash] = reads(given, "header", "body", "kf", "tag", "ciphertext_hash");
  return { hdr, m, kf, kid, r, time, ctHash, seq, chosen };
}

/** @param {import("../../static/js/crypto/encoding.js").Bytes} bytes */
async function measured(bytes) {
  return { length: bytes.length, hash: hex(await sha256(bytes)) };
}
