// Memory of bytes that nobody reads any more.

/** @type {MessagePort | undefined} */ let nobody; // who listened at its other end has left

/**
 * Gives it back at once. An engine counts a buffer as a small object, and collects those of a file when hundreds of megabytes of
 * them have come together. What is sent away is gone at once; `ArrayBuffer.transfer(0)` hides it from the engine, and keeps it
 * (Chromium 156).
 * @param {Uint8Array<ArrayBuffer>} bytes empty afterwards; a part of something larger is left alone
 */
export function free({ buffer, byteLength }) {
  if (!byteLength || byteLength !== buffer.byteLength) return;
  nobody ??= left();
  nobody.postMessage(null, [buffer]);
}

function left() {
  const { port1, port2 } = new MessageChannel();
  port2.close();
  return port1;
}
