// How a page for signed-in people begins, and where it sends whom this browser does not know.

import { KeystoreError } from "./keystore.js";
import { session } from "./session.js";
import { explain } from "./explain.js";
import { gettext } from "./text.js";

const ELSEWHERE = new Set(["no_account", "revoked", "reset", "sign_in", "no_device"]);

/** @type {Record<string, () => string>} */
const KEYSTORE = {
  blocked: () => gettext("Another tab has an older version of this page open. Close it, then reload."),
  closed: () => gettext("You signed out in another tab."),
  quota: () => gettext("This browser has no room left. Free some space, then reload."),
  unavailable: () =>
    gettext("This browser keeps nothing, perhaps because of a private window. Allow storage, then reload."),
  inconsistent: () => gettext("The keys of this browser are damaged. Sign in again: your messages come back."),
};

/** Resolves when the session runs; else the page says why, or leaves for the sign-in. */
export async function startSession() {
  session.on("gone", () => location.replace("/sign-in"));
  session.on("link", ({ state, reason }) => {
    if (state === "stopped" && (reason === "sign_in" || reason === "revoked")) signIn();
  });
  try {
    return await session.start();
  } catch (error) {
    const { code = "", status } = /** @type {{code?: string, status?: number}} */ (error);
    if (ELSEWHERE.has(code) || status === 401) return signIn();
    tell(error instanceof KeystoreError ? (KEYSTORE[error.code]?.() ?? "") : explain(error));
    throw error;
  }
}

/** @returns {Promise<never>} */
function signIn() {
  location.replace(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
  return new Promise(() => {});
}

/** @param {string} words */
function tell(words) {
  const notice = document.createElement("p");
  notice.className = "notice notice-danger page-problem";
  notice.setAttribute("role", "alert");
  notice.textContent = words;
  document.getElementById("main")?.prepend(notice);
}
