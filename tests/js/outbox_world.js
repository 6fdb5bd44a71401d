// An outbox, a disk that outlives it and may be full, and a server that hears what is sent.

import { Outbox } from "../../static/js/sending/outbox.js";
import { MovedClock, tick } from "./moved_clock.js";

export async function start(disk = { entries: new Map(), turns: new Map(), full: false }) {
  const clock = new MovedClock();
  const world = { clock, disk, sent: [], changes: [], told: [], connected: true, sealed: 0, renewed: 0 };
  world.inLog = async () => {};
  world.renewing = async () => {};
  world.refuse = null;
  world.uploads = []; // [what, id of the entry]
  world.outbox = new Outbox({
    clock,
    store: storeOn(disk),
    seal: async (entry, turn) => {
      await tick();
      if (world.refuse)
        throw Object.assign(new Error("no"), { code: world.refuse, name: world.refusalName ?? "Error" });
      const name = `mid${++world.sealed}`;
      const frame = { client_id: name, conv: entry.conv, body: entry.content.body, ctr: turn.ctr + 1 };
      frame.prev = turn.commitments.at(-1);
      return { frame, ctr: turn.ctr + 1, commitment: `C-${name}` };
    },
    transmit: ({ t: _, ...frame }) => {
      if (world.connected) world.sent.push(frame);
      return world.connected;
    },
    sync: async (conv) => world.inLog(conv),
    renew: async () => {
      world.renewed += 1;
      await world.renewing(world.renewed);
    },
    files: {
      begin: ({ id }, refused) => world.uploads.push([refused ? "again" : "begin", id]),
      sent: ({ id, content }) => content.att && world.uploads.push(["sent", id]),
      discarded: ({ id, content }) => content.att && world.uploads.push(["discarded", id]),
      pause: (id) => world.uploads.push(["pause", id]) && world.done,
      resume: (id) => world.uploads.push(["resume", id]),
    },
    changed: (entry, gone) => {
      world.told.push(structuredClone(entry));
      world.changes.push([entry.id, gone ? "gone" : (entry.failed ?? "kept")]);
    },
  });
  await world.outbox.load();
  world.names = () => world.sent.map(({ client_id }) => client_id);
  world.write = (id, conv = "c1") => world.outbox.add({ id, conv, content: { t: "text", body: `text of ${id}` } });
  world.send = (id, conv = "c1") =>
    world.outbox.add({ id, conv, content: { t: "text", body: "", att: [{ blob: id }] } });
  return world;
}

/**
 * `full`: true, the code of another trouble, or for how many writes; `until`: the writes take so long; `log`: how often
 * the server was set back.
 */
function storeOn(disk) {
  let tail = Promise.resolve();
  const write = (work, turn, conv) => {
    tail = tail
      .catch(() => {})
      .then(async () => {
        await disk.until;
        const { full } = disk;
        if (typeof full === "number") disk.full = full - 1;
        if (full) throw Object.assign(new Error("full"), { code: typeof full === "string" ? full : "quota" });
        work();
        if (turn) disk.turns.set(conv, structuredClone(turn));
      });
    return tail;
  };
  const put = (entry) => {
    const kept = structuredClone(entry);
    return () => disk.entries.set(entry.id, kept);
  };
  return {
    entries: async () => structuredClone([...disk.entries.values()]),
    turn: async (conv) => ({ ...structuredClone(disk.turns.get(conv) ?? { ctr: 0, commitments: [] }), log: disk.log }),
    add: (entry) => write(put(entry)),
    keep: (entry, turn) => write(put(entry), turn, entry.conv),
    drop: (entry, turn) => write(() => disk.entries.delete(entry.id), turn, entry.conv),
  };
}
