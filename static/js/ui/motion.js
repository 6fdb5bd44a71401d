// For people who asked for less movement.

/** Whether this person did. */
export function movesLittle() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** The first picture of an animation, for an <img>. @param {Blob} animation @returns {Promise<Blob>} */
export async function stillOf(animation) {
  const first = await createImageBitmap(animation);
  const canvas = new OffscreenCanvas(first.width, first.height);
  canvas.getContext("2d")?.drawImage(first, 0, 0);
  first.close();
  return canvas.convertToBlob();
}
