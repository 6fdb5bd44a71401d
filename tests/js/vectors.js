// Runs vectors against the table of functions: the same in Node and in the browsers.

/**
 * @param {any} vector
 * @param {Record<string, (given: any) => any>} table
 * @returns {Promise<string | null>} what is wrong, or null
 */
export async function fault({ fn, out, refuse, ...rest }, table) {
  const run = table[fn];
  if (!run) return `no function ${fn}`;
  let answer;
  try {
    answer = await run(rest.in);
  } catch (error) {
    if (refuse === undefined) return `refused: ${error}`;
    // A slip of ours must not pass for a refusal: those are typed.
    return error instanceof Error && error.name === "M1Error" ? null : `crashed: ${error}`;
  }
  if (refuse !== undefined) return `accepted ${JSON.stringify(answer).slice(0, 200)}, though: ${refuse}`;
  const [got, wanted] = [answer, out].map(canonical);
  return got === wanted ? null : `got ${got.slice(0, 400)}, wanted ${wanted.slice(0, 400)}`;
}

/** @param {any} vector */
export function isServers({ fn }) {
  return fn.startsWith("server_");
}

/** @param {any} value @returns {string} */
function canonical(value) {
  return JSON.stringify(value, (_, member) => {
    if (typeof member !== "object" || member === null || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
