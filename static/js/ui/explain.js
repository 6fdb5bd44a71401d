import { format, gettext, ngettext } from "../text.js";
import { suspended } from "./suspendedwords.js";
import { clockTime, date } from "./when.js";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const A_DAY_MS = 24 * HOUR_MS;

const signInAgain = () => gettext("This browser is not signed in any more. Sign in again.");
const outOfDate = () => gettext("This page is out of date. Reload it and try again.");
const garbled = () => gettext("The server does not take what this page sent. Reload the page and try again.");
const notLoaded = () =>
  gettext(
    "A part of this page did not load. Check your connection and try again. If that does not help, reload the page.",
  );
const outrun = () => gettext("Another of your browsers changed the same thing at this moment. Try again.");

/**
 * What this browser's own checks refuse, by code.
 * @type {Record<string, () => string>}
 */
const OWN = {
  bad_code: () => gettext("This is not a whole recovery code, or a character is wrong. Compare it with what you kept."),
  weak_kdf: () =>
    gettext(
      "The server asked this browser to protect your password less than it must, so it stopped. Tell the people who run this site.",
    ),
  costly_kdf: () => gettext("The server asked for more work than a browser can do. Tell the people who run this site."),
  not_loaded: notLoaded,
  cannot_open: () =>
    gettext(
      "Your keys could not be opened. Reload the page and try again; if that does not help, use your recovery code.",
    ),
  bad_chain: () =>
    gettext(
      "What the server sent does not belong to your account, so this browser stopped. Tell the people who run this site.",
    ),
  behind: () =>
    gettext(
      "The server was set back to a state from before this browser joined your account, and does not know it. Nothing was deleted here. To go on, sign in with another browser.",
    ),
  wrong_seed: () =>
    gettext("The server sent a key that is not yours, so this browser stopped. Tell the people who run this site."),
  too_many_devices: () =>
    gettext("Your account has as many browsers as it can. Sign one of them out, in its settings, then try again."),
  costly_work: () =>
    gettext("The server asked for more work than a browser can do. Tell the people who run this site."),
  quota: () =>
    gettext(
      "This browser's storage is full, so this was not kept. Delete files or the data of other sites on this device, then try again.",
    ),
  unsent: () => gettext("Messages are waiting to be sent. Send them first, or say that you give them up."),
  no_crypto: () =>
    gettext(
      "This browser cannot do the encryption. Use a current version of Firefox, Chrome, Edge or Safari, over https.",
    ),
};

/**
 * What the server refuses, by code: its own words are English, and for programmers. A test looks
 * for the codes in its source, so that each has words here.
 * @type {Record<string, (body: any) => string>}
 */
const SERVERS = {
  alone: () => gettext("Nobody new may ask you now, so an invite would not work. You can change that in Settings."),
  appealed: () => gettext("You have appealed against this already. Reload the page to see what became of it."),
  bad_body: garbled,
  bad_email: () => gettext("This is not an e-mail address."),
  bad_epoch: garbled,
  bad_factors: garbled,
  bad_link: garbled,
  bad_name: () =>
    gettext("This name cannot be used. Use letters and digits of one alphabet, and dots, dashes or underscores."),
  bad_query: garbled,
  bad_request: garbled,
  bad_seq: garbled,
  bad_sign_up: garbled,
  broken: () => gettext("Something broke on the server. Try again in a moment."),
  busy: () => gettext("The server is busy. Try again in a moment."),
  closed: () => gettext("This site takes no new people. Ask the people who run it."),
  csrf: outOfDate,
  device_gone: signInAgain,
  enrol: signInAgain,
  epoch: outrun,
  forbidden: outOfDate,
  grant: signInAgain,
  moved: outrun,
  moderation_key: outrun,
  no_appeals: () => gettext("Nobody reads appeals here. Write to the people who run this site."),
  no_mail: () => gettext("This site sends no mail. Ask the people who run it."),
  no_reports: () => gettext("This site takes no reports. Ask the people who run it."),
  not_connected: () => gettext("You are not connected with this person any more."),
  origin: outOfDate,
  own: garbled,
  own_invite: () => gettext("This invite is your own. Send it to the person whom you want to write to."),
  proof: signInAgain,
  refused: garbled,
  report_read: () => gettext("Your report arrived before and was read, but what you changed since was not sent."),
  reports_open: () =>
    gettext("You have reported this person several times, and those reports are not looked at yet. Wait for that."),
  reservation: () => gettext("That took too long. Choose your name again."),
  restricted: () => gettext("You may not ask new people for now. The people who run this site decided so."),
  sign_in: signInAgain,
  stale: outrun,
  stale_list: outrun,
  stale_vault: outrun,
  suspended: (body) => suspended(body),
  taken: () => gettext("This name is taken, or looks too much like one that is. Try another one."),
  token: () => gettext("This link has been used or has expired. Ask for another one."),
  too_big: () => gettext("This is too big for the server."),
  too_many: () => gettext("You have as many of these as an account may have. Remove one first."),
  uninvited: () => gettext("The invite was used meanwhile, or its time is over. Ask for another one."),
  unknown: () => gettext("That is not there, or not yours."),
  unlock: () => gettext("Enter your password again."),
  unwanted: () => gettext("This person takes no requests this way. If you know each other, ask them for an invite."),
  used: () => gettext("Somebody has used this invite already. You find them among your contacts."),
  waiting: () =>
    gettext("The people who run this site look at new accounts first. Until then you can ask nobody. Come back later."),
  work: () => gettext("Making an account costs some work now. Press Continue once more."),
  work_easy: () => gettext("Making an account costs more work now. Press Continue once more."),
  work_expired: () => gettext("That took too long. Choose your name again."),
  work_foreign: () => gettext("That took too long. Choose your name again."),
  wrong: () => gettext("That did not match."),
  wrong_code: () => gettext("That is not the code of the last mail, or it has expired."),
};

/**
 * What went wrong and what to do, for people. Never empty.
 * @param {unknown} error ApiError, M1Error or anything else
 * @param {Record<string, string>} [here] better words for a code, where the page knows more
 */
export function explain(error, here = {}) {
  const { body, code, message, retryMs, status } = /** @type {Record<string, any>} */ (error ?? {});
  if (typeof retryMs === "number" && code !== "busy")
    return format(gettext("Too many tries. Try again {when}."), { when: when(retryMs) });
  const words = here[code] ?? OWN[code]?.() ?? SERVERS[code]?.(body);
  if (words) return words;
  if (status === 0 && message) return String(message); // of static/js/network/api.js, in the page's language
  if (status) return format(gettext("The server refused this ({code}). Reload the page and try again."), { code });
  return gettext("Something went wrong on this page. Reload it and try again.");
}

/** @param {number} ms from now */
function when(ms) {
  if (ms < MINUTE_MS) return gettext("in a minute");
  if (ms < HOUR_MS) {
    const count = Math.ceil(ms / MINUTE_MS);
    return format(ngettext("in {count} minute", "in {count} minutes", count), { count });
  }
  const at = Date.now() + ms;
  if (ms < A_DAY_MS) return format(gettext("at {time}"), { time: clockTime(at) });
  return format(gettext("on {day}"), { day: date(at) });
}
