// For people who asked for less movement.

/** Whether this person did. */
export function movesLittle() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
