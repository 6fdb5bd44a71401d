// The account, as the pages use it. Effects: HTTP through `api`, keys in the keystore.

export { changePassword, checkCode, devices, renewCode, revoke, signOut, unlock, unsent } from "./accountchange.js";
export { askReset, beginAnew, openReset } from "./beginanew.js";
export { finishRecovery, reserveName, signIn, signUp, startRecovery } from "./joining.js";
export { settleStanding } from "./standing.js";
export { api, openAccount, refresh } from "./openaccount.js";

/** @typedef {import("./openaccount.js").Account} Account */
/** @typedef {import("./beginanew.js").Beginning} Beginning */
/** @typedef {import("./joining.js").Reservation} Reservation */
/** @typedef {import("./joining.js").Recovery} Recovery */
/** @typedef {import("./joining.js").Step} Step */
/** @typedef {import("./accountchange.js").Unlocked} Unlocked */
