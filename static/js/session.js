// What the elements talk to: ask for something, hear of something. Which tab does the work is no
// business of theirs (tabs.js); what is done is in hub.js.

import { api, openAccount, refresh } from "./account/openaccount.js";
import { carriers, localMemory } from "./carriers.js";
import { wallClock } from "./clock.js";
import { b64, fromB64 } from "./crypto/encoding.js";
import { socketProof } from "./crypto/proofs.js";
import { Hub } from "./hub/hub.js";
import { pollDial } from "./poll.js";
import { requests } from "./requests.js";
import { Room } from "./room.js";
import { liveUrl, webSocketDial } from "./socket.js";
import { Tabs } from "./tabs.js";

/** @typedef {import("./requests.js").Requests} Requests */
/** @typedef {import("./account/openaccount.js").Account} Account */
/** @typedef {import("./hub/hub.js").Hub} TheHub */
/** @typedef {ReturnType<TheHub["summary"]>} Summary */

const TOKEN_MS = 8 * 60 * 1000; // of its ten minutes

export class Session extends EventTarget {
  /** @type {Tabs | undefined} */ #tabs;
  tab = crypto.randomUUID();

  /**
   * Joins the other tabs of this account, and works if it is the first. Throws what openAccount
   * throws where this browser has no keys.
   */
  async start() {
    const account = await openAccount();
    account.shelf.onClosed = () => this.#emit("gone", null);
    const name = `m1 ${b64(account.uid)}`;
    this.#tabs = new Tabs({
      channel: new BroadcastChannel(name),
      locks: navigator.locks,
      name,
      lead: () => this.#lead(account),
      heard: (event, detail) => this.#emit(event, detail),
    });
    this.#tabs.start();
    // Away or back: the browser says so before the line does.
    for (const event of ["online", "offline"]) addEventListener(event, () => void this.ask("wake"));
    return account;
  }

  /**
   * @template {keyof Requests} M
   * @param {M} method
   * @param {Parameters<Requests[M]>} args
   * @returns {Promise<Awaited<ReturnType<Requests[M]>>>}
   */
  ask(method, ...args) {
    if (!this.#tabs) throw new Error("the session has not started");
    return this.#tabs.ask(method, ...args);
  }

  /**
   * @param {string} event
   * @param {(detail: any) => void} listener
   * @returns {() => void} stops it
   */
  on(event, listener) {
    const heard = (/** @type {Event} */ happened) => listener(/** @type {CustomEvent} */ (happened).detail);
    this.addEventListener(event, heard);
    return () => this.removeEventListener(event, heard);
  }

  /** @param {Account} account */
  async #lead(account) {
    const room = new Room(account.shelf, wallClock, (full) => {
      this.#tabs?.tell("room", { full });
      if (!full) goOn(hub);
    });
    const hub = new Hub({
      shelf: room,
      api,
      clock: wallClock,
      account,
      dial: carriers({
        socket: webSocketDial(liveUrl(location.href)),
        poll: pollDial({ url: "/live", clock: wallClock, fetch: (url, init) => fetch(url, init) }),
        clock: wallClock,
        memory: localMemory,
      }),
      credentials: credentialsOf(account),
      renewAccount: async () => void (await refresh(account)),
      tell: (event, detail) => this.#tabs?.tell(event, detail),
    });
    await hub.start();
    const known = requests(hub);
    return {
      ask: async (/** @type {string} */ method, /** @type {any[]} */ args) => {
        const answer = known[/** @type {keyof Requests} */ (method)];
        return /** @type {(...args: any[]) => unknown} */ (answer)(...args);
      },
    };
  }

  /** @param {string} event @param {unknown} detail */
  #emit(event, detail) {
    this.dispatchEvent(new CustomEvent(event, { detail }));
  }
}

/** The one of this page. */
export const session = new Session();

/**
 * There is room again. What could not be kept meanwhile comes anew, by the way that every connect
 * goes.
 * @param {TheHub} hub
 */
function goOn(hub) {
  for (const conversation of hub.conversations.values()) void conversation.retry();
  hub.outbox.wake();
  if (!hub.link.live) return;
  hub.link.stop();
  hub.link.start();
}

/**
 * @param {Account} account
 * @returns {import("./link.js").LinkParts["credentials"]}
 */
function credentialsOf({ uid, device, dsk }) {
  /** @type {Promise<{token: string}>} */ let asked;
  let until = 0;
  const ask = () => {
    until = Date.now() + TOKEN_MS;
    asked = api.post("/api/live-token", {}, { proof: true });
    asked.catch(() => {
      until = 0;
    });
  };
  ask(); // while the line is dialled: two ways to the server and back
  return async (nonce, fresh) => {
    if (fresh || Date.now() > until) ask();
    const { token } = await asked;
    const place = { host: location.host, nonce: fromB64(nonce, 32), uid, device };
    return { token, device: b64(device), proof: b64(await socketProof(dsk, place)) };
  };
}
