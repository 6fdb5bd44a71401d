// Browsers with something broken in them, which a checker must find: sources are changed while
// they are loaded, and nowhere else.

import { register } from "node:module";

const { mutant = "" } = JSON.parse(process.argv[2] ?? "{}");

/** @type {Record<string, [file: string, before: string, after: string]>} */
const MUTANTS = {
  // What was sealed is forgotten when the line breaks: it goes again under another name.
  forgets_names: ["outbox.js", "this.#inFlight.clear();", "$&\n    for (const entry of this.#entries) delete entry.sealed;"],
  // Whatever comes is next: a gap is no gap.
  takes_what_comes: ["timeline.js", "this.#held.get(this.#have + 1)", "[...this.#held.values()].sort((a, b) => a.seq - b.seq)[0]"],
  // The server's vector is right, whatever it has not heard yet.
  believes_vectors: ["conversation.js", "afterState(this.row, row)", "row"],
};

const change = MUTANTS[mutant];
if (!change) throw new Error(`no such mutant: ${mutant}`);

const hooks = `
const [file, before, after] = ${JSON.stringify(change)};
export async function load(url, context, next) {
  const loaded = await next(url, context);
  if (!url.endsWith("/static/js/" + file)) return loaded;
  const source = String(loaded.source);
  if (!source.includes(before)) throw new Error("the mutant does not fit: " + file);
  return { ...loaded, source: source.replace(before, after) };
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
