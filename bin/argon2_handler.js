// The message handler of static/js/workers/argon2.js. One question, one answer:
// {id, password: Uint8Array, salt: Uint8Array, m: KiB, t, p} → {id, hash: Uint8Array} or {id, failed: true}.
// The answer carries no reason: whatever hash-wasm says about a password stays in here.
self.addEventListener("message", async (event) => {
  const { id, password, salt, m, t, p } = event.data;
  try {
    const hash = await self.hashwasm.argon2id({
      password,
      salt,
      memorySize: m,
      iterations: t,
      parallelism: p,
      hashLength: 32,
      outputType: "binary",
    });
    self.postMessage({ id, hash });
  } catch {
    self.postMessage({ id, failed: true });
  } finally {
    password.fill(0);
  }
});
