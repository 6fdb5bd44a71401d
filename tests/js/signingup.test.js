// What a sign-up does with the work that a site asks for.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Working } from "../../static/js/account/signingup.js";
import { b64, equal } from "../../static/js/crypto/encoding.js";
import { PUZZLES, solve } from "../../static/js/crypto/work.js";

const challenge = new Uint8Array(73).fill(7);
const work = { challenge: b64(challenge), bits: 2 };

/** As the worker answers, when it is let. */
class Solver extends EventTarget {
  /** @type {any} */ asked;
  ended = false;

  /** @param {any} asked */
  postMessage(asked) {
    this.asked = asked;
  }

  terminate() {
    this.ended = true;
  }

  /** @param {any} data */
  say(data) {
    this.dispatchEvent(Object.assign(new Event("message"), { data }));
  }
}

function begun() {
  const solver = new Solver();
  return { solver, working: new Working(work, () => /** @type {any} */ (solver)) };
}

test("work goes on before anybody waits for it, and says how far it is", async () => {
  const { solver, working } = begun();
  assert.ok(equal(solver.asked.challenge, challenge));
  /** @type {number[]} */ const parts = [];
  const nonces = solve(solver.asked.challenge, solver.asked.bits, (solved) => solver.say({ solved }));
  const done = working.wait((part) => parts.push(part));
  solver.say({ solved: PUZZLES });
  solver.say({ nonces });
  assert.deepEqual(await done, { challenge: work.challenge, nonces: b64(nonces) });
  assert.deepEqual(parts, [1, 1]);
  assert.ok(solver.ended);
});

test("work that cannot be done says why to who waits, and to nobody else", async () => {
  const { solver, working } = begun();
  solver.say({ code: "costly_work" });
  await assert.rejects(
    working.wait(() => {}),
    { code: "costly_work" },
  );
  const other = begun();
  other.solver.dispatchEvent(new Event("error"));
  await assert.rejects(
    other.working.wait(() => {}),
    { code: "not_loaded" },
  );
});

test("work that is not wanted any more ends", () => {
  const { solver, working } = begun();
  working.stop();
  assert.ok(solver.ended);
});

test("more work than a telephone can do is refused before it begins", () => {
  for (const bits of [19, 0, 1.5, Number.NaN]) assert.throws(() => solve(challenge, bits), { code: "costly_work" });
});
