// After a change of password or code: what it does not do, and the offer to sign out elsewhere.
// Nothing is renewed by that; "Lost or stolen" does.

import { api } from "../account/account.js";
import { fromB64, hex } from "../crypto/encoding.js";
import { gettext } from "../text.js";
import { byId, onSubmit, tell } from "../ui/forms.js";
import { toast } from "../ui/toast.js";

const NOT_FOUND = 404;

/** @param {() => Promise<void>} refresh shows the devices that are left */
export function wireOtherDevices(refresh) {
  const dialog = byId("other-devices");
  const form = dialog.querySelector("form");
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => tell(form, ""));
  onSubmit(form, async () => {
    try {
      for (const id of await others()) await signOutOther(id);
      dialog.close();
      toast(gettext("All other devices are signed out."));
    } finally {
      await refresh();
    }
  });
}

/** Asks only where there are others. @param {"password" | "code"} changed */
export async function offerSigningOutOthers(changed) {
  const found = await others().catch(() => []); // the list on the page says what is wrong
  if (found.length === 0) return;
  const dialog = byId("other-devices");
  dialog.querySelector("[data-old-password]").hidden = changed !== "password";
  dialog.querySelector("[data-old-code]").hidden = changed !== "code";
  dialog.showModal();
}

/** @returns {Promise<string[]>} */
async function others() {
  const { sessions } = await api.get("/api/sessions", { proof: true });
  return sessions
    .filter((/** @type {{current: boolean}} */ { current }) => !current)
    .map((/** @type {{id: string}} */ { id }) => hex(fromB64(id, 16)));
}

/** @param {string} id */
async function signOutOther(id) {
  try {
    await api.delete(`/api/sessions/${id}`, { proof: true });
  } catch (error) {
    if (/** @type {{status?: number}} */ (error).status !== NOT_FOUND) throw error; // it left by itself
  }
}
