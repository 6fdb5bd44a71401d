// What the server's answers mean for a message that is to be sealed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../../static/js/network/api.js";
import { sealer } from "../../static/js/sending/seal.js";

const peer = "bob";
const entry = { id: "a", conv: "c1", content: { t: "text", body: "hello" }, order: 1, written: 1 };

function sealing({ list = { links: [{ k: 1 }], before: [], reset: null }, answer }) {
  return sealer({
    me: { uid: new Uint8Array(16), seeds: new Map() },
    deviceLists: { of: async () => list },
    rotation: {
      forSending: async () => {
        throw answer;
      },
    },
    conversation: () => ({ row: { peer }, have: 0, sentUnder: () => 0 }),
    now: () => 1,
  })(entry, { ctr: 0, commitments: [] });
}
const refusal = (status, code) => new ApiError(code, code, { status });

test("not connected any more is definite", async () => {
  await assert.rejects(sealing({ answer: refusal(403, "not_connected") }), { code: "not_connected" });
  await assert.rejects(sealing({ answer: refusal(404, "unknown") }), { code: "not_connected" });
  await assert.rejects(sealing({ list: { links: [], before: [], reset: null } }), { code: "not_connected" });
});

test("an old device list is named, so that it is fetched again", async () => {
  await assert.rejects(sealing({ answer: refusal(400, "stale_list") }), { code: "stale_list" });
});

test("the moods of the network are waited out", async () => {
  for (const answer of [refusal(503, "busy"), refusal(0, "timeout"), refusal(403, "csrf"), refusal(429, "rate")])
    await assert.rejects(sealing({ answer }), { code: "later" });
});

test("a new identity waits for the person", async () => {
  const list = { links: [{ k: 1 }], before: [], reset: [{ k: 1 }] };
  await assert.rejects(sealing({ list }), { code: "identity" });
});

test("what the keys say is passed on", async () => {
  const answer = Object.assign(new Error("made up"), { name: "M1Error", code: "unknown_link" });
  await assert.rejects(sealing({ answer }), { name: "M1Error", code: "unknown_link" });
});
