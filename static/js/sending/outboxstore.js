// Where the outbox is kept: its entries, and each conversation's place of this device, in one write.

/** @typedef {import("../storage/stores.js").Stores} Stores */
/** @typedef {import("../storage/stores.js").Change} Change */
/** @typedef {import("./queue.js").OutboxStore} OutboxStore */
/** @typedef {import("./queue.js").Turn} Turn */

const NO_TURN = { ctr: 0, commitments: [] };

/** Where it is counted how often the server's log became another one. @param {string} conv */
export const logKey = (conv) => `log ${conv}`;

/**
 * What was written in the field. Files have taken their caption along before they were sealed: by now another text
 * may stand there.
 * @param {import("../chat/content.js").Content} content
 */
export function isDraft({ t, att }) {
  return t === "text" && !att;
}

/** @param {Stores} stores @returns {OutboxStore} */
export function outboxStore(stores) {
  /** @param {string} conv @param {Turn | undefined} turn @returns {Change[]} */
  const turned = (conv, turn) => (turn ? [{ store: "meta", key: `turn ${conv}`, value: turn }] : []);
  return {
    entries: async () => (await stores.all("outbox")).map(([, entry]) => entry),
    turn: async (conv) => {
      const turn = (await stores.get("meta", `turn ${conv}`)) ?? NO_TURN;
      return { ...turn, log: await stores.get("meta", logKey(conv)) };
    },
    add: (entry, again = false) =>
      stores.write([
        { store: "outbox", key: entry.id, value: entry },
        ...(isDraft(entry.content) && !again
          ? [/** @type {Change} */ ({ store: "drafts", key: entry.conv, remove: true })]
          : []),
      ]),
    keep: (entry, turn) =>
      stores.write([{ store: "outbox", key: entry.id, value: entry }, ...turned(entry.conv, turn)]),
    drop: (entry, turn) =>
      stores.write([{ store: "outbox", key: entry.id, remove: true }, ...turned(entry.conv, turn)]),
  };
}
