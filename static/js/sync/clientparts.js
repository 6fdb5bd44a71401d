// What a client is made with.

/**
 * @typedef {object} ClientParts
 * @property {import("../storage/stores.js").Stores} stores
 * @property {import("../network/api.js").Api} api
 * @property {import("../clock.js").Clock} clock
 * @property {import("../network/websocket.js").Dial} dial
 * @property {import("../keys/epochstore.js").Me & {links: import("../crypto/devicelist.js").Link[]}} account
 * @property {() => Promise<void>} renewAccount my own list grew: `account` is brought up to date
 * @property {import("../network/liveconnection.js").LiveConnectionParts["credentials"]} credentials
 * @property {(fresh: boolean) => Promise<string>} token the live token; `fresh`: the last one was refused
 * @property {typeof globalThis.fetch} fetch
 * @property {Promise<import("../storage/blobfiles.js").BlobFiles | undefined>} files
 * @property {import("./events.js").Tell} tell
 */
