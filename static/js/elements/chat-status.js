// The state of the line, where it is worth a word: nothing while all is well.

import { icon } from "../icons.js";
import { session } from "../session.js";
import { gettext } from "../text.js";

/** @typedef {{state: string, reason?: string}} Status */

const PATIENCE_MS = 2500; // a reconnect that is quicker than this is nobody's business

export class ChatStatus extends HTMLElement {
  #timer = 0;
  /** @type {(() => void)[]} */ #stop = [];

  connectedCallback() {
    this.setAttribute("role", "status");
    this.#stop = [session.on("link", (status) => this.#hear(status))];
    // The browser knows before the line does.
    addEventListener("offline", () => this.#show({ state: "waiting" }));
    addEventListener("online", () => void session.ask("status").then((status) => this.#hear(status)));
    void session.ask("status").then((status) => this.#hear(status));
  }

  disconnectedCallback() {
    for (const stop of this.#stop) stop();
  }

  /** @param {Status} status */
  #hear(status) {
    document.documentElement.dataset.link = status.state;
    if (status.state === "live" || status.reason === "done") {
      clearTimeout(this.#timer);
      this.#timer = 0;
      this.replaceChildren();
    } else if (status.state === "stopped") this.#show(status);
    else this.#timer ||= window.setTimeout(() => this.#show(status), PATIENCE_MS);
  }

  /** @param {Status} status */
  #show({ state, reason }) {
    const words = document.createElement("span");
    words.textContent = state === "stopped" ? stopped(reason) : waiting();
    this.replaceChildren(icon(state === "stopped" ? "triangle-alert" : "wifi-off", "icon-s"), words);
    if (state === "stopped") this.append(button(reason));
  }
}

function waiting() {
  if (!navigator.onLine) return gettext("You are offline. What you write is kept and sent when you are back.");
  return gettext("Connecting… What you write is kept and sent as soon as the server answers.");
}

/** @param {string | undefined} reason */
function stopped(reason) {
  if (reason === "sign_in") return gettext("You are signed out here.");
  if (reason === "revoked") return gettext("This device was removed from your account.");
  return gettext("This page is out of date.");
}

/** @param {string | undefined} reason */
function button(reason) {
  const link = document.createElement("a");
  link.className = "button button-quiet";
  const again = reason === "sign_in" || reason === "revoked";
  link.href = again ? `/sign-in?next=${encodeURIComponent(location.pathname)}` : location.href;
  link.textContent = again ? gettext("Sign in") : gettext("Reload");
  return link;
}

customElements.define("chat-status", ChatStatus);
