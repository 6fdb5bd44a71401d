// The state of the live connection, where people need to know: nothing while all is well.

import { bus } from "../tabs/bus.js";
import { gettext } from "../text.js";
import { icon } from "../ui/icons.js";

/** @typedef {{state: string, reason?: string}} Status */

const TRY_REST_MS = 2000;
const PATIENCE_MS = 2500; // a reconnect that is quicker than this is not shown

export class ChatStatus extends HTMLElement {
  #timer = 0;
  #full = false;
  /** @type {Status | null} */ #line = null; // where it is worth a word
  /** @type {(() => void)[]} */ #stop = [];

  connectedCallback() {
    this.setAttribute("role", "status");
    this.#stop = [bus.on("status", (status) => this.#hear(status)), bus.on("quota", ({ full }) => this.#fill(full))];
    // The browser knows before the live connection does.
    addEventListener("offline", () => this.#show({ state: "waiting" }));
    addEventListener("online", () => void bus.ask("status").then((status) => this.#hear(status)));
    void bus.ask("status").then((status) => this.#hear(status));
    void bus.ask("full").then((full) => this.#fill(full));
  }

  disconnectedCallback() {
    for (const stop of this.#stop) stop();
  }

  /** @param {Status} status */
  #hear(status) {
    document.documentElement.dataset.status = status.state;
    if (status.state === "live" || status.reason === "done") {
      clearTimeout(this.#timer);
      this.#timer = 0;
      this.#show(null);
    } else if (status.state === "stopped") this.#show(status);
    else this.#timer ||= window.setTimeout(() => this.#show(status), PATIENCE_MS);
  }

  /** @param {boolean} full */
  #fill(full) {
    this.#full = full;
    this.#render();
  }

  /** @param {Status | null} line */
  #show(line) {
    this.#line = line;
    this.#render();
  }

  /** While storage is full, the state of the connection is of no use. */
  #render() {
    const { state, reason } = this.#line ?? {};
    if (state === "stopped") this.replaceChildren(...said("triangle-alert", stopped(reason)), button(reason));
    else if (this.#full) this.replaceChildren(...said("triangle-alert", full()));
    else this.replaceChildren(...(state ? [...said("wifi-off", waiting()), tryNow()] : []));
  }
}

/** @param {string} name of the icon @param {string} text */
function said(name, text) {
  const words = document.createElement("span");
  words.textContent = text;
  return [icon(name, "icon-s"), words];
}

function full() {
  return gettext(
    "This browser's storage is full. New messages wait on the server, and what you write cannot be kept. Delete files or the data of other sites on this device; then it goes on by itself.",
  );
}

function waiting() {
  if (!navigator.onLine) return gettext("You are offline. What you write is kept and sent when you are back.");
  return gettext("Connecting… What you write is kept and sent as soon as the server answers.");
}

/** @param {string | undefined} reason */
function stopped(reason) {
  if (reason === "sign_in") return gettext("You are signed out here.");
  if (reason === "suspended") return gettext("Your account is suspended");
  if (reason === "revoked") return gettext("This device was removed from your account.");
  return gettext("This page is out of date.");
}

/** The button rests for a moment, so that people see that it was pressed. */
function tryNow() {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button-quiet";
  button.textContent = gettext("Try now");
  button.addEventListener("click", () => {
    button.disabled = true;
    setTimeout(() => {
      button.disabled = false;
    }, TRY_REST_MS);
    void bus.ask("wake");
  });
  return button;
}

/** @param {string | undefined} reason */
function button(reason) {
  const link = document.createElement("a");
  link.className = "button button-quiet";
  const again = reason === "sign_in" || reason === "revoked";
  const next = `?next=${encodeURIComponent(location.pathname)}`;
  link.href = reason === "suspended" ? `/suspended${next}` : again ? `/sign-in${next}` : location.href;
  link.textContent = reason === "suspended" ? gettext("Why?") : again ? gettext("Sign in") : gettext("Reload");
  return link;
}

customElements.define("chat-status", ChatStatus);
