// What leaves this browser: messages, and their files before them.

import { b64 } from "../crypto/encoding.js";
import { Outbox } from "../sending/outbox.js";
import { outboxStore } from "../sending/outboxstore.js";
import { sealer } from "../sending/seal.js";
import { Uploads } from "../sending/uploads.js";
import { erasedBy } from "./deleting.js";

/**
 * @param {import("./client.js").Client} client with everything but these two
 * @param {{sync: (conv: string) => Promise<void>, renew: (conv: string) => Promise<void>}} keys
 * @returns {{outbox: Outbox, uploads: Uploads}}
 */
export function outgoing(client, keys) {
  const { stores, clock, account, tell, api, fetch, files } = client.parts;
  const uploads = new Uploads({
    ...{ api, fetch, clock, files },
    entries: () => outbox.all(),
    whole: (id) => outbox.whole(id),
    failed: (id, code) => outbox.fail(id, code),
    told: (upload) => tell("upload", upload),
  });
  const outbox = new Outbox({
    ...keys,
    store: outboxStore(stores),
    clock,
    seal: sealer({
      me: account,
      deviceLists: client.deviceLists,
      rotation: client.rotation,
      conversation: (conv) => client.conversations.get(conv),
      erased: (entry) => erasedBy(stores, entry),
      now: clock.now,
    }),
    transmit: (frame) => {
      const { conv, after_seq } = frame;
      client.receipts.flush(conv);
      // Where an older backup was put back, the log goes less far than when it was sealed.
      const have = client.conversations.get(conv)?.have ?? after_seq;
      return client.live.send({ ...frame, after_seq: Math.min(after_seq, have) });
    },
    changed: (entry, gone) => {
      tell("entry", { entry, gone: Boolean(gone) });
      if (entry.content.t === "del") client.tellChat(entry.conv);
    },
    files: uploads,
  });
  return { outbox, uploads };
}

/**
 * A message of mine as the log has it.
 * @param {import("../sending/queue.js").Sealed} sealed
 * @param {Extract<import("../protocol.js").ServerFrame, {t: "sent"}>} sent
 * @param {import("./client.js").Client} client
 * @returns {import("../protocol.js").MsgFrame}
 */
export function rowOf({ ctr, frame }, { seq, ord, time }, { me, parts }) {
  const { conv, client_id, body, salt, epoch, kind, ttl } = frame;
  const device = b64(parts.account.device);
  return { t: "msg", conv, seq, client_id, sender: me, device, ctr, time, ord, kind, epoch, ttl, body, salt };
}
