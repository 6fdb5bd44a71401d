// Passkeys of staff (WebAuthn): beside the code of the sign-in, at a link, and among one's factors.
// The form asks its own address for a challenge, and is sent with what the authenticator answered.

/** @type {Record<string, string>} by the name of a DOMException */
const WORDS = {
  AbortError: "It was stopped. Try again.",
  InvalidStateError: "There is a passkey of yours already.",
  NotAllowedError: "No passkey was chosen, or it took too long. Try again.",
  NotSupportedError: "This browser, or what you chose, cannot make such a passkey.",
  SecurityError: "Passkeys do not work at this address.",
};
const OTHER = "The passkey could not be used. Try again.";

/** Since 2025 in each browser: options and answers as JSON. */
const KNOWS =
  typeof PublicKeyCredential === "function" &&
  "parseCreationOptionsFromJSON" in PublicKeyCredential &&
  "toJSON" in PublicKeyCredential.prototype;

for (const place of document.querySelectorAll("[data-passkey]")) {
  const button = place.querySelector("button");
  if (button && KNOWS) serve(/** @type {HTMLElement} */ (place), button);
}

/**
 * @param {HTMLElement} place
 * @param {HTMLButtonElement} button
 */
function serve(place, button) {
  part(place, "missing").hidden = true;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const form = button.form;
    if (!form?.reportValidity()) return;
    button.disabled = true;
    tell(place, "");
    try {
      const answer = await ceremony(place.dataset.passkey === "create", await options(form));
      const field = /** @type {HTMLInputElement} */ (place.querySelector("[name=passkey]"));
      field.value = JSON.stringify(answer);
      form.submit();
    } catch (error) {
      button.disabled = false;
      button.focus();
      tell(place, error instanceof DOMException ? (WORDS[error.name] ?? OTHER) : OTHER);
    }
  });
}

/** Without the password: nothing but what is hidden is needed. @param {HTMLFormElement} form */
async function options(form) {
  const body = new URLSearchParams({ options: "1" });
  for (const field of form.querySelectorAll("input")) {
    if (field.type === "hidden") body.set(field.name, field.value);
  }
  const answer = await fetch(form.action, { method: "POST", body });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.json();
}

/**
 * @param {boolean} makes
 * @param {any} asked
 */
async function ceremony(makes, asked) {
  const made = makes
    ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(asked) })
    : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(asked) });
  return /** @type {PublicKeyCredential} */ (made).toJSON();
}

/**
 * @param {HTMLElement} place
 * @param {string} words
 */
function tell(place, words) {
  const said = part(place, "said");
  said.textContent = words;
  said.hidden = !words;
}

/**
 * @param {HTMLElement} place
 * @param {string} name
 */
function part(place, name) {
  return /** @type {HTMLElement} */ (place.querySelector(`[data-part=${name}]`));
}
