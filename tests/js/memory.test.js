import assert from "node:assert/strict";
import { test } from "node:test";
import { free } from "../../static/js/crypto/memory.js";

test("the memory of bytes goes back, and that of a part of something larger does not", () => {
  const bytes = new Uint8Array(4);
  free(bytes.subarray(1));
  assert.equal(bytes.length, 4);
  free(bytes);
  assert.equal(bytes.length, 0);
  free(bytes);
});
