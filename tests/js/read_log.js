// A log in which one person writes, and the browser of the other that reads it.

import { b64 } from "../../static/js/crypto/encoding.js";
import { Conversation } from "../../static/js/sync/conversation.js";
import { Hiding } from "../../static/js/sync/hiding.js";
import { blank } from "../../static/js/sync/kept.js";
import { unwritten } from "../../static/js/sync/vector.js";
import { correspondence, NOW } from "./correspondence.js";
import { MemoryStores } from "./memory_stores.js";
import { MovedClock } from "./moved_clock.js";
import { CONV } from "./two_people.js";

/** The log of Alice's messages, and Bob's browser before it. */
export async function world(stores = new MemoryStores()) {
  const { alice, write, desk } = await correspondence();
  const rows = [];
  const retold = [];
  const asked = [];
  const add = (row) => {
    rows.push({ ...row, conv: CONV, seq: rows.length + 1 });
    return rows.at(-1);
  };
  const erased = () => ({ t: "msg", client_id: b64(crypto.getRandomValues(new Uint8Array(16))), gone: "erased" });
  const place = { sender: alice.id, device: b64(alice.me.device), time: NOW, ord: 1, kind: 1, ctr: 1 };
  const log = {
    rows,
    say: async (said, more) => add(await write(said, more)),
    empty: (seq) => {
      const { body: _body, salt: _salt, ...place } = rows[seq - 1];
      rows[seq - 1] = { ...place, gone: "erased" };
    },
    fill: (count) => {
      for (let at = 0; at < count; at++) add({ ...erased(), ...place });
    },
  };
  const ask = async ({ before, after }, limit) => {
    asked.push({ before, after });
    const found = after === undefined ? rows.filter(({ seq }) => seq < before).slice(-limit) : rows.slice(after);
    return { rows: found.slice(0, limit), more: false };
  };
  const row = unwritten({ conv: CONV, peer: alice.id, state: 3, since: 1 });
  const clock = new MovedClock();
  const evicted = [];
  const conversations = new Map();
  const told = [];
  const tell = (event, detail) => void told.push([event, detail]);
  const hiding = new Hiding({ stores, clock, files: Promise.resolve(undefined), tell, conversations });
  const bob = new Conversation(blank(row), {
    stores,
    clock,
    desk,
    ask,
    ahead: async () => async () => {},
    applied: async () => {},
    hides: hiding.shown,
    evict: async (messages) => void evicted.push(...messages.map(({ seq }) => seq)),
    retold: (message) => retold.push(message),
    changed: () => {},
  });
  conversations.set(CONV, bob);
  const hear = async () => {
    for (const one of rows.slice(bob.have)) await bob.push(one);
  };
  const said = async (seq) => {
    const { messages } = await bob.page(seq + 1, 1);
    return (messages[0]?.relations ?? []).map(({ t, body }) => [t, body]);
  };
  return { log, bob, hear, said, retold, asked, stores, desk, row, clock, hiding, evicted, told };
}
