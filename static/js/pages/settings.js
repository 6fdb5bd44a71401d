// Settings. What needs the account's root (password, code, lost device) asks the password first.

import "../elements/code-check.js";
import { agentWords } from "../elements/device-list.js";
import "../elements/email-address.js";
import "../elements/language-choice.js";
import "../elements/password-field.js";
import "../elements/password-strength.js";
import "../elements/privacy-settings.js";
import "../elements/recovery-code.js";
import "../elements/theme-choice.js";
import { api, changePassword, devices, renewCode, revoke, unlock } from "../account/account.js";
import { needsSignIn, toSignIn } from "../account/standing.js";
import { equal, fromB64, hex } from "../crypto/encoding.js";
import { formatCode, newCode } from "../crypto/recoverycode.js";
import { bus } from "../tabs/bus.js";
import { format, gettext } from "../text.js";
import { onAccountNews } from "../ui/accountnews.js";
import { initial } from "../ui/avatar.js";
import { explain } from "../ui/explain.js";
import { allRight, byId, onSubmit, tell } from "../ui/forms.js";
import { toast } from "../ui/toast.js";
import { date } from "../ui/when.js";
import { wireDeletion } from "./deleting.js";
import { wireExport } from "./exporting.js";
import { wireLeaving } from "./leaving.js";
import { displayNameProblem } from "./names.js";
import { offerSigningOutOthers, wireOtherDevices } from "./otherdevices.js";
import { startBus } from "./starting.js";
import { progressOf, Steps } from "./steps.js";

const username = byId("username").textContent;
const list = byId("device-list");
const passwordDialog = byId("change-password");
const codeDialog = byId("renew-code");
const leaveDialog = byId("leave-dialog");
const WRONG = { wrong: gettext("That is not your password.") };
const SCRIPT = /** @type {[string, string][]} */ ([
  ["stretch", gettext("Turning your password into a key. This takes a moment, on purpose.")],
  ["vault", gettext("Opening your vault.")],
  ["keys", gettext("Making new keys.")],
  ["store", gettext("Handing the sealed parts to the server.")],
]);

/** The device that the code dialog is about to revoke; undefined = only a new code. */
/** @type {import("../elements/device-list.js").Row | undefined} */
let lost;

for (const day of document.querySelectorAll("time")) day.textContent = date(Date.parse(day.dateTime));
await startBus();
await Promise.all([import("../elements/chat-status.js"), import("../elements/storage-settings.js")]);
onSubmit(byId("rename"), rename);
wireDialogs();
wirePassword();
wireCode();
wireOtherDevices(showDevices);
list.addEventListener("end", endSession);
list.addEventListener("lost", (/** @type {CustomEvent} */ event) => openCode(event.detail));
onAccountNews(showDevices);
await showDevices();
document.documentElement.dataset.ready = "";

async function rename() {
  const field = byId("display-name");
  const name = field.value.trim();
  if (!allRight([[field, displayNameProblem(name)]])) return;
  await api.put("/api/profile", { display_name: name }, { proof: true });
  byId("profile").textContent = name;
  byId("avatar").textContent = initial(name);
  toast(gettext("Saved. Others see it from now on."));
}

function wireDialogs() {
  for (const button of document.querySelectorAll("[data-open]")) {
    const dialog = byId(/** @type {HTMLElement} */ (button).dataset.open ?? "");
    const open = opener(dialog);
    button.addEventListener("click", open);
    /** @type {HTMLButtonElement} */ (button).disabled = false;
  }
  for (const dialog of [passwordDialog, codeDialog, leaveDialog]) {
    dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => empty(dialog));
  }
}

/** @param {HTMLDialogElement} dialog */
function opener(dialog) {
  if (dialog === codeDialog) return () => openCode(undefined);
  if (dialog === leaveDialog) return wireLeaving(leaveDialog);
  if (dialog === byId("export-dialog")) return wireExport();
  if (dialog === byId("delete-dialog")) return wireDeletion(() => bus.stop());
  return () => dialog.showModal();
}

/** No password stays in a closed dialog. @param {HTMLDialogElement} dialog */
function empty(dialog) {
  for (const form of dialog.querySelectorAll("form")) {
    form.reset();
    tell(form, "");
  }
  /** @type {import("../elements/recovery-code.js").RecoveryCode | null} */ (
    dialog.querySelector("recovery-code")
  )?.forget();
}

function wirePassword() {
  const old = byId("old-password");
  const fresh = byId("new-password");
  const meter = passwordDialog.querySelector("password-strength");
  const words = passwordDialog.querySelector("[data-progress]");
  meter.about = () => [username, byId("display-name").value];
  const submit = async () => {
    const right = allRight([
      [old, old.value ? "" : gettext("Type the password you have now.")],
      [fresh, await meter.problem()],
    ]);
    if (!right) return;
    words.textContent = SCRIPT[0]?.[1] ?? "";
    try {
      const unlocked = await unlock({ password: old.value });
      await changePassword(unlocked, { password: fresh.value });
    } finally {
      words.textContent = "";
    }
    passwordDialog.close();
    toast(gettext("Password changed. It is valid for every new sign-in."));
    await offerSigningOutOthers("password");
  };
  onSubmit(passwordDialog.querySelector("form"), submit, WRONG);
}

/** @param {import("../elements/device-list.js").Row | undefined} row */
function openCode(row) {
  lost = row;
  byId("renew-code-title").textContent = row
    ? format(gettext("Remove {device}"), { device: row.agent })
    : gettext("New recovery code");
  codeDialog.querySelector("[data-lost]").hidden = !row;
  new Steps(codeDialog).show("unlock");
  codeDialog.showModal();
}

function wireCode() {
  const steps = new Steps(codeDialog);
  const form = codeDialog.querySelector("form");
  const password = byId("unlock-password");
  const onProgress = progressOf(codeDialog.querySelector("[data-step='working']"), SCRIPT);
  const submit = async () => {
    if (!allRight([[password, password.value ? "" : gettext("Type your password.")]])) return;
    const unlocked = await unlock({ password: password.value });
    const code = newCode();
    const kept = codeDialog.querySelector("recovery-code").ask(await formatCode(code), username);
    steps.show("code");
    kept.then(() => finish(unlocked, code));
  };
  const finish = async (/** @type {Awaited<ReturnType<typeof unlock>>} */ unlocked, /** @type {string} */ code) => {
    steps.show("working");
    try {
      if (lost?.device) await revoke(unlocked, { device: lost.device, code, onProgress });
      else await renewCode(unlocked, { code, onProgress });
      codeDialog.close();
      toast(lost ? gettext("Removed. Your new recovery code is valid.") : gettext("Your new recovery code is valid."));
      await showDevices();
      if (!lost) await offerSigningOutOthers("code");
    } catch (error) {
      steps.show("unlock");
      tell(
        form,
        explain(error, { unlock: gettext("That took longer than ten minutes. Your old code is still valid.") }),
      );
    }
  };
  onSubmit(form, submit, WRONG);
}

async function showDevices() {
  try {
    const [{ sessions }, signed] = await Promise.all([api.get("/api/sessions", { proof: true }), devices()]);
    const rows = sessions.map((/** @type {any} */ session) => rowOf(session, signed));
    list.show(rows.sort((/** @type {any} */ a, /** @type {any} */ b) => Number(b.current) - Number(a.current)));
  } catch (error) {
    if (needsSignIn(error)) return toSignIn(/** @type {{code?: string}} */ (error).code);
    list.fail(explain(error));
  }
}

/**
 * A device counts as one only if the list that our own key signs has it: the server's word alone
 * could hide or invent one.
 * @param {any} session
 * @param {{id: import("../crypto/encoding.js").Bytes}[]} signed
 * @returns {import("../elements/device-list.js").Row}
 */
function rowOf({ id, created, seen = 0, agent, current, device }, signed) {
  const bytes = device ? fromB64(device, 16) : undefined;
  const listed = bytes && signed.some((entry) => equal(entry.id, bytes));
  return {
    id: hex(fromB64(id, 16)),
    device: listed ? bytes : undefined,
    agent: agentWords(agent),
    created,
    seen,
    current,
  };
}

/** @param {CustomEvent<import("../elements/device-list.js").Row>} event */
async function endSession({ detail: row }) {
  try {
    await api.delete(`/api/sessions/${row.id}`, { proof: true });
    toast(format(gettext("{device} is signed out."), { device: row.agent }));
  } catch (error) {
    toast(explain(error));
  }
  await showDevices();
}
