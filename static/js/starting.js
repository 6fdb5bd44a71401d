// How a page for signed-in people begins, and where it sends whom this browser does not know.

import { needsSignIn, toSignIn } from "./account/standing.js";
import { KeystoreError } from "./keystore.js";
import { session } from "./session.js";
import { gettext } from "./text.js";
import { explain } from "./ui/explain.js";

/** @type {Record<string, () => string>} */
const KEYSTORE = {
  blocked: () => gettext("Another tab has an older version of this page open. Close it, then reload."),
  quota: () => gettext("This browser has no room left. Free some space, then reload."),
  unavailable: () =>
    gettext("This browser keeps nothing, perhaps because of a private window. Allow storage, then reload."),
};

/** Resolves when the session runs; else the page says why, or leaves for the sign-in. */
export async function startSession() {
  session.on("gone", () => void toSignIn()); // storage cleared under the page, or signed out in another tab
  session.on("link", ({ state, reason }) => {
    if (state === "stopped" && (reason === "sign_in" || reason === "revoked")) void toSignIn(reason);
  });
  try {
    return await session.start();
  } catch (error) {
    if (needsSignIn(error)) return toSignIn(/** @type {{code?: string}} */ (error).code);
    tell(error instanceof KeystoreError ? (KEYSTORE[error.code]?.() ?? "") : explain(error));
    throw error;
  }
}

/** @param {string} words */
function tell(words) {
  const notice = document.createElement("p");
  notice.className = "notice notice-danger page-problem";
  notice.setAttribute("role", "alert");
  notice.textContent = words;
  document.getElementById("main")?.prepend(notice);
}
