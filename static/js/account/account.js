// The account, as the pages use it. Effects: HTTP through `api`, keys in the keystore.

export {
  changePassword,
  checkCode,
  deleteAccount,
  devices,
  provePassword,
  renewCode,
  revoke,
  signOut,
  unlock,
  unsent,
} from "./accountchange.js";
export { finishRecovery, signIn, startRecovery } from "./joining.js";
export { api, openAccount, refresh } from "./openaccount.js";
export { reserveName, signUp } from "./signingup.js";
export { settleStanding, toSuspended } from "./standing.js";
export { askReset, openReset, startOver } from "./startover.js";

/** @typedef {import("./openaccount.js").Account} Account */
/** @typedef {import("./startover.js").Beginning} Beginning */
/** @typedef {import("./signingup.js").Reservation} Reservation */
/** @typedef {import("./joining.js").Recovery} Recovery */
/** @typedef {import("./joining.js").Step} Step */
/** @typedef {import("./accountchange.js").Unlocked} Unlocked */
