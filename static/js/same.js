// Whether two plain values say the same: what is kept, told or shown already is not again.

/** @param {unknown} a @param {unknown} b of the same shape, keys in the same order */
export function same(a, b) {
  return JSON.stringify(a) === JSON.stringify(b);
}
