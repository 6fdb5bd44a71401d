// The token of an invite waits in this tab while its person signs in or up: no address has it.

const PLACE = "invite";

/** @returns {string} empty for none */
export function keptInvite() {
  return sessionStorage.getItem(PLACE) ?? "";
}

/** @param {string} token */
export function keepInvite(token) {
  sessionStorage.setItem(PLACE, token);
}

export function forgetInvite() {
  sessionStorage.removeItem(PLACE);
}
