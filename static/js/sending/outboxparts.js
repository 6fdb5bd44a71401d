// What an outbox is made with.

/** @typedef {import("./queue.js").Entry} Entry */

/**
 * @typedef {object} OutboxParts
 * @property {import("./queue.js").OutboxStore} store
 * @property {import("../clock.js").Clock} clock
 * @property {(entry: Entry, turn: import("./queue.js").Turn) => Promise<import("./queue.js").Sealed>} seal throws what
 *   `Outbox` judges
 * @property {(frame: import("../protocol.js").SendFrame) => boolean} transmit false: not connected
 * @property {(conv: string) => Promise<void>} sync brings the conversation up to date; own
 *   messages seen on the way come back as `seen`
 * @property {(conv: string) => Promise<void>} renew a newer epoch than the last is needed
 * @property {(entry: Entry, gone: boolean) => void} changed
 * @property {OutboxFiles} files
 */

/**
 * The files of messages, which go to the server before them.
 * @typedef {object} OutboxFiles
 * @property {(entry: Entry, refused?: boolean) => void} begin ends in `Outbox.whole` or `Outbox.fail`; `refused`: the
 *   server says that they are not whole
 * @property {(id: string) => number | undefined} pause bytes at the server; undefined: nothing of it goes up
 * @property {(id: string) => void} resume
 * @property {(entry: Entry) => void} sent it is in the log
 * @property {(entry: Entry) => void} discarded it never will be
 */
