// The account, as the pages use it. Effects: HTTP through `api`, keys in the keystore.

export {
  changePassword,
  checkCode,
  devices,
  renewCode,
  revoke,
  signOut,
  unlock,
  unsent,
} from "./account/accountchange.js";
export { askReset, beginAnew, openReset } from "./account/beginanew.js";
export { finishRecovery, reserveName, signIn, signUp, startRecovery } from "./account/joining.js";
export { api, openAccount, refresh } from "./account/openaccount.js";
export { settleStanding } from "./account/standing.js";

/** @typedef {import("./account/openaccount.js").Account} Account */
/** @typedef {import("./account/beginanew.js").Beginning} Beginning */
/** @typedef {import("./account/joining.js").Reservation} Reservation */
/** @typedef {import("./account/joining.js").Recovery} Recovery */
/** @typedef {import("./account/joining.js").Step} Step */
/** @typedef {import("./account/accountchange.js").Unlocked} Unlocked */
