// Sign-up: details → recovery code, kept and asked back → keys are made → the chats. Nothing is
// stored before the person has the code; only the name is reserved, for ten minutes.

import "../elements/password-field.js";
import "../elements/password-strength.js";
import "../elements/recovery-code.js";
import { reserveName, signUp } from "../account/account.js";
import { formatCode, newCode } from "../crypto/recoverycode.js";
import { NAME_MIN } from "../protocol.js";
import { gettext } from "../text.js";
import { explain } from "../ui/explain.js";
import { allRight, byId, judge, onSubmit, tell } from "../ui/forms.js";
import { keptInvite } from "./invitetoken.js";
import { displayNameProblem, usernameProblem } from "./names.js";
import { keepNext, nextAddress } from "./next.js";
import { progressOf, Steps } from "./steps.js";

const root = byId("main");
const steps = new Steps(root);
const details = byId("details");
const name = byId("name");
const display = byId("display-name");
const password = byId("password");
const meter = root.querySelector("password-strength");
const sheet = root.querySelector("recovery-code");

/** One code for the whole visit: who goes back to change a name need not write down another. */
let code = "";

/** @type {import("../account/account.js").Reservation | undefined} */ let kept;

/** Where nobody signs up without. */
const invite = root.dataset.registration === "invite" ? keptInvite() : undefined;

keepNext();
if (invite === "") steps.show("uninvited");
meter.about = () => [name.value, display.value];
name.addEventListener("input", () => {
  // Two letters are too short, but a third may be on its way.
  if ([...name.value].length >= NAME_MIN) judge(name, usernameProblem(name.value));
});
onSubmit(details, reserveAndGoOn);
document.documentElement.dataset.ready = "";

async function reserveAndGoOn() {
  const right = allRight([
    [name, usernameProblem(name.value)],
    [display, displayNameProblem(display.value)],
    [password, await meter.problem()],
  ]);
  if (!right) return;
  const reservation = await reserve();
  if (!reservation) return;
  showCode(reservation);
}

async function reserve() {
  kept?.work?.stop();
  try {
    kept = await reserveName(name.value, invite);
    return kept;
  } catch (error) {
    const { code: problem } = /** @type {{code?: string}} */ (error);
    if (problem === "uninvited") return void steps.show("uninvited");
    if (problem !== "taken" && problem !== "bad_name") throw error;
    judge(name, explain(error));
    name.focus();
    return undefined;
  }
}

/** @param {import("../account/account.js").Reservation} reservation */
async function showCode(reservation) {
  code ||= newCode();
  steps.show("code");
  await sheet.ask(await formatCode(code), reservation.name);
  await make(reservation);
}

/** @param {import("../account/account.js").Reservation} reservation */
async function make(reservation) {
  steps.show("working");
  const working = root.querySelector("[data-step='working']");
  const onProgress = progressOf(working, [
    [
      "stretch",
      gettext("Turning your password into a key. This takes a moment, on purpose: it slows down anybody who guesses."),
    ],
    ["keys", gettext("Making the keys of your account and of this browser.")],
    [
      "work",
      gettext("Very many accounts are being made here, so each costs some work now. Your browser needs a few seconds."),
    ],
    ["store", gettext("Handing the sealed parts to the server.")],
  ]);
  try {
    await signUp(reservation, { displayName: display.value.trim(), password: password.value, code, onProgress });
  } catch (error) {
    steps.show("details");
    const expired = gettext(
      "That took longer than ten minutes, so the name was given free. Press Continue once more; your code stays the same.",
    );
    tell(details, explain(error, { reservation: expired, work_expired: expired }));
    return;
  }
  sheet.forget();
  location.assign(nextAddress(location));
}
