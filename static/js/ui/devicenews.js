// Another browser was signed in to this account: said once, on the page that somebody looks at.

import { bus } from "../tabs/bus.js";
import { format, gettext, ngettext } from "../text.js";
import { onAccountNews } from "./accountnews.js";
import { attentive, onReturn } from "./attention.js";
import { toast } from "./toast.js";
import { momentTime } from "./when.js";

const SHOWN_MS = 30_000; // it must not be missed

/** @type {Promise<void>} */ let last = Promise.resolve();

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
  if (!added.length) return;
  const onAction = () => location.assign("/settings#devices");
  toast(deviceWords(added), { action: gettext("Look"), onAction, ms: SHOWN_MS });
  await bus.ask("toldDevices", k);
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
