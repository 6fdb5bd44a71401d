// The archive of what the server has of a person, in their settings and where they are suspended. It is
// asked for with the password, and saved once all of it has come.

import { api, provePassword } from "../account/account.js";
import { format, gettext } from "../text.js";
import { allRight, byId, onSubmit, tell } from "../ui/forms.js";
import { saveBlob } from "../ui/saving.js";

const KIB = 1024;

/** @returns {() => void} opens the dialog */
export function wireExport() {
  const dialog = byId("export-dialog");
  const form = dialog.querySelector("form");
  const [password, progress] = [byId("export-password"), form.querySelector("[data-progress]")];
  const submit = async () => {
    if (!allRight([[password, password.value ? "" : gettext("Type your password.")]])) return;
    progress.textContent = gettext("Turning your password into a key. This takes a moment, on purpose.");
    try {
      await provePassword(password.value);
      progress.textContent = gettext("The server puts it together.");
      const archive = await api.download("/api/export", (bytes) => {
        progress.textContent = format(gettext("{count} KiB so far"), { count: Math.ceil(bytes / KIB) });
      });
      saveBlob(archive, `export-${new Date().toISOString().slice(0, 10)}.zip`);
      progress.textContent = gettext("Done. Your browser saves the file.");
      form.reset();
    } catch (error) {
      progress.textContent = "";
      throw error;
    }
  };
  onSubmit(form, submit, { wrong: gettext("That is not your password.") });
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    form.reset();
    tell(form, "");
    progress.textContent = "";
  });
  return () => dialog.showModal();
}
