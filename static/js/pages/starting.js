// How a page for signed-in people begins, and where it sends whom this browser does not know.

import { api } from "../account/openaccount.js";
import { needsSignIn, toSignIn, toSuspended } from "../account/standing.js";
import { KeystoreError } from "../storage/keystore.js";
import { bus } from "../tabs/bus.js";
import { askUnheard } from "../tabs/persistence.js";
import { gettext } from "../text.js";
import { onAccountNews } from "../ui/accountnews.js";
import { showBadges } from "../ui/badges.js";
import { tellNewDevices } from "../ui/devicenews.js";
import { explain } from "../ui/explain.js";
import { tellJoined } from "../ui/joinednews.js";
import { reportLooks } from "../ui/looking.js";
import { chatOf } from "../ui/person.js";
import { readyToTell, toast } from "../ui/toast.js";
import { leaveUnasked } from "../ui/unsaved.js";

/** @type {Record<string, () => string>} */
const KEYSTORE = {
  blocked: () => gettext("Another tab has an older version of this page open. Close it, then reload."),
  quota: () => gettext("This browser has no room left. Free some space, then reload."),
  unavailable: () =>
    gettext("This browser keeps nothing, perhaps because of a private window. Allow storage, then reload."),
};

let leaving = false;

/**
 * Makes the page live: this browser is present, says what it got, shows badges and the title.
 * Resolves when the bus runs; else the page says why and stays so, or leaves for the sign-in.
 * @param {{readable?: boolean}} [page] readable: it is of use without keys, so it stays
 * @returns {Promise<{look: () => void} | undefined>} look: the person looks at something else
 */
export async function startBus({ readable = false } = {}) {
  document.documentElement.dataset.runs = ""; // css/needs.css: the scripts of the page have loaded
  readyToTell();
  bus.on("gone", () => void leave()); // storage cleared under the page, or signed out in another tab
  bus.on("status", ({ state, reason }) => {
    if (state === "stopped" && reason === "suspended") void toSuspended();
    if (state === "stopped" && (reason === "sign_in" || reason === "revoked")) void leave(reason);
  });
  bus.on("takeover", () => toast(gettext("Another tab of this browser does not answer. Taking over.")));
  try {
    await bus.start();
  } catch (error) {
    if (/** @type {{code?: string}} */ (error).code === "suspended") return toSuspended();
    if (readable) return undefined;
    if (needsSignIn(error)) return toSignIn(/** @type {{code?: string}} */ (error).code);
    tell(error instanceof KeystoreError ? (KEYSTORE[error.code]?.() ?? "") : explain(error));
    return new Promise(() => {});
  }
  void askUnheard().catch(() => {});
  showBadges();
  tellJoined();
  tellNewDevices();
  onAccountNews(() => void showDecisionNews());
  return { look: reportLooks(() => chatOf(location.pathname)) };
}

/** Those who run the site decided something: the rail leads to it. */
async function showDecisionNews() {
  const link = document.getElementById("rail-news");
  if (!link?.hidden) return;
  const { unseen } = await api.get("/api/decisions", { proof: true }).catch(() => ({ unseen: false }));
  link.hidden = !unseen;
}

/**
 * Work that ends the session of this browser: that it is over then is no reason to sign in again.
 * @param {() => Promise<void>} work
 */
export async function endingSession(work) {
  leaving = true;
  try {
    await work();
  } catch (error) {
    leaving = false;
    throw error;
  }
}

/** @param {string} [why] */
async function leave(why) {
  if (leaving) return;
  if (why !== "sign_in") leaveUnasked(); // its keys are gone, or are of no use
  await toSignIn(why);
}

/** @param {string} words */
function tell(words) {
  const notice = document.createElement("p");
  notice.className = "notice notice-danger page-problem";
  notice.setAttribute("role", "alert");
  notice.textContent = words;
  document.getElementById("main")?.prepend(notice);
}
