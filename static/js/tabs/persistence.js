// Whether the browser may delete what this site keeps here when its disk is full: the keys of this device, and
// messages that were not sent yet (docs/browsers.md).

/** Firefox asks the person, so only a button asks it. The others decide by themselves and say nothing. */
const asksPerson = () => /\bFirefox\//.test(navigator.userAgent);

/** @returns {Promise<boolean | undefined>} undefined: the browser does not say */
export async function isKept() {
  return navigator.storage?.persisted?.();
}

/** @returns {Promise<boolean | undefined>} whether it agreed, now or before */
export async function askToKeep() {
  return navigator.storage?.persist?.();
}

/** At each start, as what the browser decides by changes: how often the site is used, say. */
export async function askUnheard() {
  if (!asksPerson() && (await isKept()) === false) await askToKeep();
}
