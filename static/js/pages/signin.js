// Sign-in by password, or by recovery code with a new password and a new code. This browser is
// enrolled by itself; nothing of the account is renewed before the new code is kept.

import "../elements/password-field.js";
import "../elements/password-strength.js";
import "../elements/recovery-code.js";
import { finishRecovery, settleStanding, signIn, startRecovery, toSuspended } from "../account/account.js";
import { formatCode, newCode, parseCode } from "../crypto/recoverycode.js";
import { gettext } from "../text.js";
import { explain } from "../ui/explain.js";
import { allRight, byId, judge, onSubmit, tell } from "../ui/forms.js";
import { keepNext, nextAddress } from "./next.js";
import { progressOf, Steps } from "./steps.js";

const root = byId("main");
const { session, lost } = /** @type {{session?: string, lost?: string}} */ ({
  session: root.dataset.session,
  lost: root.dataset.lost || undefined,
});
const steps = new Steps(root);
const name = byId("name");
const password = byId("password");
const codeName = byId("code-name");
const code = byId("typed-code"); // not "code": the address #code would scroll to it
const fresh = byId("fresh");
const meter = root.querySelector("password-strength");
const sheet = root.querySelector("recovery-code");
const working = root.querySelector("[data-step='working']");

const SCRIPT = /** @type {[string, string][]} */ ([
  [
    "stretch",
    gettext("Turning your password into a key. This takes a moment, on purpose: it slows down anybody who guesses."),
  ],
  ["vault", gettext("Opening your vault.")],
  ["keys", gettext("Making the keys of this browser.")],
  ["store", gettext("Adding this browser to your devices.")],
]);

/** @type {Awaited<ReturnType<typeof startRecovery>> | undefined} */
let recovery;

keepNext();
meter.about = () => [codeName.value];
addEventListener("hashchange", showAsked);
onSubmit(byId("by-password"), byPassword);
onSubmit(byId("by-code"), byCode, {
  wrong: gettext("This username and this code do not belong together. Check both; an older code no longer works."),
});
onSubmit(byId("new-password"), withNewPassword);
if (location.hash === "#code") showAsked();
document.documentElement.dataset.ready = "";
await goOnOrSayWhy();

/** A session whose keys are here needs no sign-in. Everybody else is told what happened, if anything did. */
async function goOnOrSayWhy() {
  const { state, name: kept } = await settleStanding();
  if (state === "ready" && session) return location.replace(nextAddress(location));
  if (kept && !name.value) name.value = kept;
  root.querySelector("[data-removed]").hidden = state !== "removed";
  root.querySelector("[data-keyless]").hidden = state !== "empty" || !lost;
}

function showAsked() {
  if (location.hash === "#code" && !codeName.value) codeName.value = name.value;
  steps.show(location.hash === "#code" ? "code" : "password");
}

async function byPassword() {
  const right = allRight([
    [name, name.value.trim() ? "" : gettext("Type your username.")],
    [password, password.value ? "" : gettext("Type your password.")],
  ]);
  if (!right) return;
  steps.show("working");
  try {
    await signIn({ name: name.value, password: password.value, lost, onProgress: progressOf(working, SCRIPT) });
  } catch (error) {
    if (isSuspended(error)) return toSuspended(nextAddress(location));
    steps.show("password");
    const wrong = gettext("Wrong username or password. Check capital letters, or use your recovery code.");
    tell(byId("by-password"), explain(error, { wrong }));
    password.select();
    return;
  }
  location.assign(nextAddress(location));
}

async function byCode() {
  const right = allRight([
    [codeName, codeName.value.trim() ? "" : gettext("Type your username.")],
    [code, await codeProblem()],
  ]);
  if (!right) return;
  const person = { name: codeName.value, code: await parseCode(code.value), lost };
  recovery = await startRecovery(person).catch((error) => {
    if (isSuspended(error)) return toSuspended(nextAddress(location));
    throw error;
  });
  byId("new-password-for").value = codeName.value;
  steps.show("new-password");
  fresh.focus();
}

/** What was typed was right: a page says why, and takes an appeal. @param {unknown} error */
function isSuspended(error) {
  return /** @type {{code?: string}} */ (error).code === "suspended";
}

async function codeProblem() {
  try {
    await parseCode(code.value);
    return "";
  } catch (error) {
    return explain(error);
  }
}

async function withNewPassword() {
  if (!recovery || !judge(fresh, await meter.problem())) return;
  const made = newCode();
  steps.show("new-code");
  sheet.ask(await formatCode(made), codeName.value).then(() => finish(made));
}

/** @param {string} made the new code, kept by now */
async function finish(made) {
  if (!recovery) return;
  steps.show("working");
  try {
    await finishRecovery(recovery, { password: fresh.value, code: made, onProgress: progressOf(working, SCRIPT) });
  } catch (error) {
    steps.show("code");
    const late = gettext("That took longer than ten minutes. Type the OLD code again: the new one is not valid yet.");
    tell(byId("by-code"), explain(error, { grant: late, sign_in: late }));
    return;
  }
  sheet.forget();
  location.assign(nextAddress(location));
}
