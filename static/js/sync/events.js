// What the leading tab tells every tab, by name. Types alone: tsc refuses an event that is not here,
// one with another detail, and somebody who listens to one that nobody tells (`Bus.on`).

/**
 * @typedef {object} Events
 * @property {ReturnType<import("./client.js").Client["summary"]>} chat as its row and head have it now
 * @property {ReturnType<import("../people/verification.js").Verification["people"]>} contacts all of them
 * @property {boolean} current what the server has of each conversation is known
 * @property {{conv: string, mid: string, mine: boolean}} deleted by who wrote it, if it is `mine` as that message is
 * @property {{conv: string, text: string}} draft
 * @property {{entry: import("../sending/queue.js").Entry, gone: boolean}} entry of the outbox
 * @property {{message: import("./decrypt.js").Message, fresh: boolean}} message
 * @property {{conv: string, notice: import("./notices.js").Notice}} notice
 * @property {{k: number}} own_list another device of mine changed my list
 * @property {import("../protocol.js").Seen} presence
 * @property {{full: boolean}} quota
 * @property {import("./decrypt.js").Message} retold
 * @property {{conv: string}} rewound its history is another one now
 * @property {import("../protocol.js").SettingsFrame} settings
 * @property {{state: import("../network/liveconnection.js").LiveState, reason?: string, inMs?: number}} status
 * @property {{conv: string, typing: boolean}} typing
 * @property {import("../sending/uploads.js").Upload} upload
 */

/** @typedef {<E extends keyof Events>(event: E, detail: Events[E]) => void} Tell */
