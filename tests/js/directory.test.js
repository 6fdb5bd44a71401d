import assert from "node:assert/strict";
import { test } from "node:test";
import { Directory } from "../../static/js/hub/directory.js";
import { person, Server } from "./two_people.js";

test("a list that could not be kept is not known: a restart would have forgotten the pin", async () => {
  const server = new Server();
  const bob = await person(server);
  const kept = new Map();
  let full = true;
  const shelf = {
    get: async (_store, key) => kept.get(key),
    write: async ([{ key, value }]) => {
      if (full) throw Object.assign(new Error("full"), { code: "quota" });
      kept.set(key, value);
    },
  };
  const directory = new Directory(server, shelf, () => {});
  await assert.rejects(directory.of(bob.id), { code: "quota" });
  assert.equal(directory.kept(bob.id), undefined);
  full = false;
  assert.equal((await directory.of(bob.id)).links.length, 1);
  assert.ok(kept.has(bob.id));
});
