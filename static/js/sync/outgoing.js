// What leaves this browser: messages, and their files before them.

import { Outbox } from "../sending/outbox.js";
import { outboxStore } from "../sending/outboxstore.js";
import { sealer } from "../sending/seal.js";
import { Uploads } from "../sending/uploads.js";

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
      now: clock.now,
    }),
    transmit: (frame) => {
      client.receipts.flush(frame.conv);
      return client.live.send(frame);
    },
    changed: (entry, gone) => tell("entry", { entry, gone: Boolean(gone) }),
    files: uploads,
  });
  return { outbox, uploads };
}
