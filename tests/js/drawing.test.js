// Pictures that a worker draws, one that dies, one that the browser does not start, and a memory that is full.

import assert from "node:assert/strict";
import { test } from "node:test";

/** @type {(worker: EventTarget, question: any) => void} */ let asked;
let begun = 0;
let ended = 0;

/** The browser's. */
class Drawing extends EventTarget {
  constructor() {
    super();
    begun += 1;
    if (!asked) throw new DOMException("policy", "SecurityError");
    queueMicrotask(() => this.dispatchEvent(new MessageEvent("message", { data: { ready: true } })));
  }
  postMessage(question) {
    asked(this, question);
  }
  terminate() {
    ended += 1;
  }
}

let full = false;
class Canvas {
  getContext = () => ({ drawImage() {} });
  async convertToBlob() {
    if (full) throw new DOMException("memory", "EncodingError");
    return new Blob(["still"]);
  }
}
Object.assign(globalThis, {
  Worker: Drawing,
  OffscreenCanvas: Canvas,
  createImageBitmap: async () => ({ width: 1, height: 1, close() {} }),
});

const { stillOf } = await import("../../static/js/tabs/pictures.js");
const answer = (worker, data) => worker.onmessage(new MessageEvent("message", { data }));

test("where no worker starts, the page draws; what has no room in the memory is called so", async () => {
  assert.equal(await (await stillOf(new Blob())).text(), "still");
  full = true;
  await assert.rejects(stillOf(new Blob()), { code: "bomb" });
  full = false;
});

test("a worker that dies fails the picture that it had, and the next one has another worker", async () => {
  [begun, asked] = [0, (worker) => worker.onerror()];
  await assert.rejects(stillOf(new Blob()), { code: "unreadable" });
  asked = (worker) => answer(worker, { value: "drawn" });
  assert.equal(await stillOf(new Blob()), "drawn");
  assert.equal(await stillOf(new Blob()), "drawn");
  assert.deepEqual([begun, ended], [2, 1]);
});
