// Another browser was signed in to this account: said on the page that somebody looks at, and on every one after it
// until they take a look or close it.

import { bus } from "../tabs/bus.js";
import { format, gettext, ngettext } from "../text.js";
import { onAccountNews } from "./accountnews.js";
import { attentive, onReturn } from "./attention.js";
import { toast } from "./toast.js";
import { momentTime } from "./when.js";

/** @type {Promise<void>} */ let last = Promise.resolve();
let shown = { words: "", close: () => {} };

/** From now on, and of what happened while no page was open. */
export function tellNewDevices() {
  onAccountNews(look);
  onReturn(look);
  addEventListener("focus", look);
  void look();
}

/** Several things say it at once: one look after the other, or it would be told twice. */
function look() {
  last = last.then(tellNew, tellNew);
  return last;
}

async function tellNew() {
  if (!attentive()) return;
  const { k, added } = await bus.ask("newDevices");
  const words = added.length ? deviceWords(added) : "";
  if (words === shown.words) return;
  shown.close(); // answered in another tab, or there are more
  shown = { words, close: () => {} };
  if (words) shown.close = show(words, k);
}

/** @param {string} words @param {number} k of the list that they tell of */
function show(words, k) {
  const answered = () => {
    shown = { words: "", close: () => {} };
    return bus.ask("toldDevices", k).catch(() => {}); // it is told again
  };
  const onAction = () => void answered().then(() => location.assign("/settings#devices"));
  return toast(words, { action: gettext("Look"), onAction, onDismiss: () => void answered() });
}

/** @param {number[]} added ms */
function deviceWords(added) {
  const words = ngettext(
    "{count} new browser was signed in to your account ({when}). If that was not you, remove it.",
    "{count} new browsers were signed in to your account (the last one: {when}). If that was not you, remove them.",
    added.length,
  );
  return format(words, { count: added.length, when: momentTime(Math.max(...added)) });
}
