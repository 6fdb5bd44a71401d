// What the elements talk to: ask for something, hear of something. They need not know which tab does
// the work (tabs.js); what is done is in client.js.

import { api, openAccount, refresh } from "../account/openaccount.js";
import { stoppable, wallClock } from "../clock.js";
import { b64, fromB64, hex } from "../crypto/encoding.js";
import { socketProof } from "../crypto/proofs.js";
import { bootToken } from "../network/boot.js";
import { pollDial } from "../network/longpoll.js";
import { localMemory, transports } from "../network/transports.js";
import { liveUrl, webSocketDial } from "../network/websocket.js";
import { BlobFiles } from "../storage/blobfiles.js";
import { carryOver } from "../storage/earlier.js";
import { Fence } from "../storage/fence.js";
import { Quota } from "../storage/quota.js";
import { Client } from "../sync/client.js";
import { requests } from "./requests.js";
import { Tabs } from "./tabs.js";

/** @typedef {import("./requests.js").Requests} Requests */
/** @typedef {import("../account/openaccount.js").Account} Account */
/** @typedef {ReturnType<Client["summary"]>} Summary */
/**
 * What a page may hear: what the leading tab tells, and how the tabs stand to each other.
 * @typedef {import("../sync/events.js").Events & {gone: null, lead: null, deposed: null, takeover: null}} BusEvents
 */

const TOKEN_MS = 8 * 60 * 1000; // of its ten minutes

export class Bus extends EventTarget {
  /** @type {Tabs | undefined} */ #tabs;
  tab = crypto.randomUUID();

  /**
   * Joins the other tabs of this account, and works if it is the first. Throws what openAccount
   * throws where this browser has no keys.
   */
  async start() {
    const account = await openAccount();
    account.stores.onClosed = () => this.#emit("gone", null);
    const name = `m1 ${b64(account.uid)}`;
    this.#tabs = new Tabs({
      channel: new BroadcastChannel(name),
      locks: navigator.locks,
      name,
      clock: wallClock,
      visible: () => document.visibilityState === "visible",
      lead: (lead) => this.#lead(account, lead),
      heard: (event, detail) => this.#emit(/** @type {keyof BusEvents} */ (event), /** @type {any} */ (detail)),
    });
    this.on("deposed", () => void this.#askAgain());
    this.#tabs.start();
    // Away or back: the browser says so before the live connection notices.
    addEventListener("online", () => void this.ask("wake"));
    addEventListener("offline", () => void this.ask("offline"));
    return account;
  }

  /** The page lives on without it: its keys go. */
  stop() {
    this.#tabs?.stop();
  }

  /**
   * @template {keyof Requests} M
   * @param {M} method
   * @param {Parameters<Requests[M]>} args
   * @returns {Promise<Awaited<ReturnType<Requests[M]>>>}
   */
  ask(method, ...args) {
    if (!this.#tabs) throw new Error("the bus has not started");
    return this.#tabs.ask(method, ...args);
  }

  /**
   * @template {keyof BusEvents} E
   * @param {E} event
   * @param {(detail: BusEvents[E]) => void} listener
   * @returns {() => void} stops it
   */
  on(event, listener) {
    const heard = (/** @type {Event} */ happened) => listener(/** @type {CustomEvent} */ (happened).detail);
    this.addEventListener(event, heard);
    return () => this.removeEventListener(event, heard);
  }

  /** @param {Account} account @param {import("./tabs.js").Lead} lead */
  async #lead(account, lead) {
    const fence = await Fence.raise(account.stores, lead);
    const clock = stoppable(wallClock);
    let leads = true;
    /** @type {import("../sync/events.js").Tell} */
    const tell = (event, detail) => {
      if (leads) this.#tabs?.tell(fence.term, event, detail);
    };
    const quota = new Quota(fence, clock, (full) => {
      tell("quota", { full });
      if (!full) goOn(client);
    });
    const token = liveTokens();
    const client = new Client({
      stores: quota,
      api,
      clock,
      account,
      dial: transports({
        socket: webSocketDial(liveUrl(location.href)),
        poll: pollDial({ url: "/live", clock, fetch: (url, init) => fetch(url, init) }),
        clock,
        memory: localMemory,
      }),
      credentials: credentialsOf(account, token),
      token,
      fetch: (input, init) => fetch(input, init),
      files: BlobFiles.open(hex(account.uid)),
      renewAccount: async () => void (await refresh(account, quota)),
      tell,
    });
    await carryOver(quota);
    await client.start();
    const known = requests(client);
    return {
      ask: async (/** @type {string} */ method, /** @type {any[]} */ args) => {
        const answer = known[/** @type {keyof Requests} */ (method)];
        return /** @type {(...args: any[]) => unknown} */ (answer)(...args);
      },
      stop: () => {
        leads = false;
        fence.end();
        client.stop();
        clock.stop();
      },
    };
  }

  /** What the other tab told while this one was suspended went past it. */
  async #askAgain() {
    this.#emit("status", await this.ask("status"));
    this.#emit("contacts", await this.ask("contacts"));
    for (const chat of await this.ask("chats")) {
      this.#emit("chat", chat);
      this.#emit("rewound", { conv: chat.row.conv });
    }
  }

  /** @template {keyof BusEvents} E @param {E} event @param {BusEvents[E]} detail */
  #emit(event, detail) {
    this.dispatchEvent(new CustomEvent(event, { detail }));
  }
}

/** The one of this page. */
export const bus = new Bus();

/**
 * There is room again. What could not be kept meanwhile comes again, as after every connect.
 * @param {Client} client
 */
function goOn(client) {
  for (const conversation of client.conversations.values()) void conversation.retry();
  client.outbox.wake();
  if (!client.live.isLive) return;
  client.live.stop();
  client.live.start();
}

/** @returns {(fresh: boolean) => Promise<string>} asked for once, until it is old or refused */
function liveTokens() {
  /** @type {Promise<{token: string}>} */ let asked;
  let until = 0;
  const ask = () => {
    until = Date.now() + TOKEN_MS;
    asked = api.post("/api/live-token", {}, { proof: true });
    asked.catch(() => {
      until = 0;
    });
  };
  const page = bootToken();
  if (page) [asked, until] = [Promise.resolve(page), page.until];
  else ask(); // while the transport is dialled: two ways to the server and back
  return async (fresh) => {
    if (fresh || Date.now() > until) ask();
    return (await asked).token;
  };
}

/**
 * @param {Account} account
 * @param {(fresh: boolean) => Promise<string>} live
 * @returns {import("../network/liveconnection.js").LiveConnectionParts["credentials"]}
 */
function credentialsOf({ uid, device, dsk }, live) {
  return async (nonce, fresh) => {
    const token = await live(fresh);
    const place = { host: location.host, nonce: fromB64(nonce, 32), uid, device };
    return { token, device: b64(device), proof: b64(await socketProof(dsk, place)) };
  };
}
