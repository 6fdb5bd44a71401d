import assert from "node:assert/strict";
import { test } from "node:test";
import { b64, cat, fromB64, sha256 } from "../../static/js/crypto/encoding.js";
import { newSigningKey, verify } from "../../static/js/crypto/keys.js";
import { Api, ApiError } from "../../static/js/network/api.js";

const NONCE = new Uint8Array(40).fill(7);

/** A server that keeps what it was asked and answers by path. */
function server(answers) {
  const asked = [];
  const fetch = async (path, init) => {
    asked.push({ path, ...init, text: init.body ? new TextDecoder().decode(init.body) : "" });
    const found = answers[path] ?? { status: 404, body: { code: "unknown", message: "No." } };
    const { status = 200, body, text, headers = {} } = typeof found === "function" ? found() : found;
    return new Response(text ?? JSON.stringify(body), { status, headers });
  };
  return { asked, api: new Api({ fetch, host: "chat.example", csrf: () => "token" }) };
}

async function signer() {
  const { privateKey, publicKey } = await newSigningKey();
  return { uid: new Uint8Array(16).fill(1), device: new Uint8Array(16).fill(2), dsk: privateKey, publicKey };
}

async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  return assert.fail("it did not refuse");
}

test("a write carries its body as JSON and the CSRF token", async () => {
  const { asked, api } = server({ "/api/start": { body: { kdf: 1 } } });
  assert.deepEqual(await api.post("/api/start", { name: "ada" }), { kdf: 1 });
  assert.equal(asked[0].text, '{"name":"ada"}');
  assert.equal(asked[0].headers["X-CSRFToken"], "token");
  assert.equal(asked[0].headers["X-Device-Proof"], undefined);
});

test("a read carries neither body nor CSRF token", async () => {
  const { asked, api } = server({ "/api/notes": { body: {} } });
  await api.get("/api/notes");
  assert.equal(asked[0].body, null);
  assert.equal(asked[0].headers["X-CSRFToken"], undefined);
});

test("a proof signs host, nonce, method, path with query and the bytes of the body", async () => {
  const me = await signer();
  const { asked, api } = server({ "/api/nonce": { body: { nonce: b64(NONCE) } }, "/api/x?y=1": { body: {} } });
  api.signWith(async () => me);
  await api.put("/api/x?y=1", { z: 2 }, { proof: true });
  const [device, nonce, signature] = asked[1].headers["X-Device-Proof"].split(".");
  assert.equal(device, b64(me.device));
  assert.equal(nonce, b64(NONCE));
  const signed = (body) => cat("m1:http", "chat.example", NONCE, me.uid, me.device, "PUT", "/api/x?y=1", body);
  const over = async (text) => signed(await sha256(new TextEncoder().encode(text)));
  assert.ok(await verify(me.publicKey, fromB64(signature, 64), await over(asked[1].text)));
  assert.ok(!(await verify(me.publicKey, fromB64(signature, 64), await over('{"z":3}'))));
});

test("nonces at hand are used before one is asked for, each once, and not when they are old", async () => {
  const answers = { "/api/nonce": { body: { nonce: b64(NONCE) } }, "/api/x": { body: {} } };
  const { asked, api } = server(answers);
  api.signWith(signer);
  const stocked = b64(new Uint8Array(40).fill(8));
  api.stock([stocked], Date.now() + 1000);
  api.stock([b64(new Uint8Array(40).fill(9))], Date.now() - 1);
  await api.get("/api/x", { proof: true });
  await api.get("/api/x", { proof: true });
  assert.deepEqual(
    asked.map(({ path, headers }) => [path, headers["X-Device-Proof"]?.split(".")[1]]),
    [
      ["/api/x", stocked],
      ["/api/nonce", undefined],
      ["/api/x", b64(NONCE)],
    ],
  );
});

test("the answer to a signed request brings the nonce of the next one", async () => {
  const next = b64(new Uint8Array(40).fill(3));
  const answers = {
    "/api/nonce": { body: { nonce: b64(NONCE) } },
    "/api/x": { body: {}, headers: { "X-Device-Nonce": next } },
  };
  const { asked, api } = server(answers);
  api.signWith(signer);
  await api.get("/api/x", { proof: true });
  await api.get("/api/x", { proof: true });
  assert.deepEqual(
    asked.map(({ path }) => path),
    ["/api/nonce", "/api/x", "/api/x"],
  );
  assert.equal(asked[2].headers["X-Device-Proof"].split(".")[1], next);
});

test("where the session has outgrown the nonces at hand, the request is signed once more", async () => {
  const refused = { status: 403, body: { code: "proof", message: "No." } };
  let times = 0;
  const answers = { "/api/nonce": { body: { nonce: b64(NONCE) } }, "/api/x": () => (times++ ? { body: {} } : refused) };
  const { asked, api } = server(answers);
  api.signWith(signer);
  api.stock([b64(new Uint8Array(40).fill(8))], Date.now() + 1000);
  await api.get("/api/x", { proof: true });
  assert.equal(asked.at(-1).headers["X-Device-Proof"].split(".")[1], b64(NONCE));
  times = 0;
  const fresh = await refusal(api.get("/api/x", { proof: true }));
  assert.equal(fresh.code, "proof"); // a fresh nonce was refused: that is an answer
});

test("a browser without a device is told to sign in, and nothing is sent", async () => {
  const { asked, api } = server({});
  const error = await refusal(api.get("/api/wraps", { proof: true }));
  assert.equal(error.code, "no_device");
  assert.equal(asked.length, 0);
});

test("a device that is being enrolled proves itself, and shows the grant", async () => {
  const me = await signer();
  const { asked, api } = server({ "/api/nonce": { body: { nonce: b64(NONCE) } }, "/api/links": { body: {} } });
  await api.post("/api/links", {}, { signer: me, grant: new Uint8Array(32) });
  assert.equal(asked[1].headers["X-Enrolment"], b64(new Uint8Array(32)));
  assert.ok(asked[1].headers["X-Device-Proof"].startsWith(`${b64(me.device)}.`));
});

test("a refusal keeps the server's code, words and waiting time", async () => {
  const body = { code: "rate", message: "Too many tries.", retry_ms: 60000 };
  const { api } = server({ "/api/sign-in": { status: 429, body } });
  const error = await refusal(api.post("/api/sign-in", {}));
  assert.ok(error instanceof ApiError);
  assert.deepEqual([error.code, error.status, error.retryMs], ["rate", 429, 60000]);
});

test("a conflict hands over the winner", async () => {
  const body = { code: "conflict", message: "Another link came first.", link: "AA==" };
  const { api } = server({ "/api/links": { status: 409, body } });
  const error = await refusal(api.post("/api/links", {}));
  assert.equal(error.body.link, "AA==");
});

test("an answer that is not JSON is told apart from a refusal", async () => {
  for (const status of [200, 500]) {
    const { api } = server({ "/api/x": { status, text: "<h1>Something</h1>" } });
    assert.equal((await refusal(api.get("/api/x"))).code, "unreadable");
  }
});

test("where a proxy reaches no server, trying again helps", async () => {
  for (const status of [502, 503, 504]) {
    const { api } = server({ "/api/x": { status, text: "<h1>Bad gateway</h1>" } });
    assert.equal((await refusal(api.get("/api/x"))).code, "busy");
  }
});

/** A network whose first connections were forgotten on the way; those that it opens again work. */
function forgetful(dead, patience) {
  const asked = [];
  const fetch = (path, { method, signal }) => {
    asked.push(`${method} ${path}`);
    if (asked.length > dead) return Promise.resolve(new Response("{}"));
    return silence(signal);
  };
  return { asked, api: new Api({ fetch, host: "h", csrf: () => "", patience }) };
}

function silence(signal) {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const alive = setTimeout(() => {}, 10_000); // the signal alone would not keep Node running
    signal.addEventListener("abort", () => {
      clearTimeout(alive);
      reject(signal.reason);
    });
  });
}

test("a read that got no answer is asked again on another connection; a write is not", async () => {
  const { asked, api } = forgetful(2, [5, 5]);
  assert.deepEqual(await api.get("/api/nonce"), {});
  assert.equal(asked.length, 3);
  const write = forgetful(1, [5, 5]);
  assert.equal((await refusal(write.api.post("/api/x", {}, { timeoutMs: 20 }))).code, "timeout");
  assert.deepEqual(write.asked, ["POST /api/x"]);
});

test("a read that is refused, or taken back by its caller, is asked once", async () => {
  const { asked, api } = server({});
  assert.equal((await refusal(api.get("/api/x"))).code, "unknown");
  assert.equal(asked.length, 1);
  const left = forgetful(9, [1000]);
  const caller = new AbortController();
  const answer = refusal(left.api.get("/api/x", { signal: caller.signal }));
  caller.abort();
  assert.equal((await answer).name, "AbortError");
  assert.equal(left.asked.length, 1);
});

test("a server that cannot be reached, and one that is silent", async () => {
  const gone = new Api({ fetch: async () => Promise.reject(new TypeError("failed")), host: "h", csrf: () => "" });
  assert.equal((await refusal(gone.get("/api/x"))).code, "offline");
  const silent = new Api({ fetch: (_path, { signal }) => silence(signal), host: "h", csrf: () => "" });
  assert.equal((await refusal(silent.get("/api/x", { timeoutMs: 5 }))).code, "timeout");
});

test("an abort by the caller stays an abort", async () => {
  const asked = new AbortController();
  const fetch = async (_path, { signal }) => {
    asked.abort();
    throw signal.reason;
  };
  const error = await refusal(new Api({ fetch, host: "h", csrf: () => "" }).get("/api/x", { signal: asked.signal }));
  assert.equal(error.name, "AbortError");
});
