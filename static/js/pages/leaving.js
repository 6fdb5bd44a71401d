// Signing out of this browser. What is not sent yet would be lost with the keys, so it is counted,
// and nobody leaves before it is zero or given up in so many words.

import { signOut, unsent } from "../account/account.js";
import { bus } from "../tabs/bus.js";
import { format, ngettext } from "../text.js";
import { explain } from "../ui/explain.js";
import { busy, byId, tell } from "../ui/forms.js";
import { endingSession } from "./starting.js";

const LOOK_MS = 1000; // another tab may be sending it meanwhile

/** What the page does with the keys: it ends first. */
const LIVE = { settle: async () => void (await bus.ask("settle")), stop: () => bus.stop() };

/**
 * @param {HTMLDialogElement} dialog
 * @param {{settle: () => Promise<void>, stop: () => void}} [page]
 * @returns {() => void} opens it
 */
export function wireLeaving(dialog, { settle, stop } = LIVE) {
  const [button, discard] = [byId("leave-now"), byId("leave-discard")];
  let looking = 0;
  const look = async () => {
    const count = await unsent();
    const words = ngettext("{count} message is not sent yet.", "{count} messages are not sent yet.", count);
    const notice = /** @type {HTMLElement} */ (dialog.querySelector("[data-unsent]"));
    notice.hidden = count === 0;
    /** @type {HTMLElement} */ (notice.querySelector("p")).textContent = format(words, { count });
    button.disabled = count > 0 && !discard.checked;
  };
  const leave = async () => {
    busy(button, true);
    try {
      await settle();
      await endingSession(() => signOut({ discard: discard.checked, stop }));
      location.assign("/");
    } catch (error) {
      tell(dialog, explain(error));
      await look();
    } finally {
      busy(button, false);
    }
  };
  button.addEventListener("click", leave);
  discard.addEventListener("change", look);
  dialog.addEventListener("close", () => clearInterval(looking));
  return () => {
    discard.checked = false;
    button.disabled = true;
    tell(dialog, "");
    dialog.showModal();
    clearInterval(looking);
    looking = window.setInterval(look, LOOK_MS);
    void look();
  };
}
