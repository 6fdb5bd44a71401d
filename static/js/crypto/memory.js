// Memory of bytes that nobody reads any more.

/**
 * Gives it back at once. An engine waits until hundreds of megabytes of it have come together, since an object that stands for
 * a megabyte is small to it. Browsers of before 2024 go on waiting.
 * @param {Uint8Array} bytes empty afterwards; a part of something larger is left alone
 */
export function free({ buffer, byteLength }) {
  const { transfer } = /** @type {{transfer?: (size: number) => ArrayBuffer}} */ (buffer);
  if (byteLength === buffer.byteLength) transfer?.call(buffer, 0);
}
