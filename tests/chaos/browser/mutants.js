// Browsers with something broken in them, which a checker must find: sources are changed while
// they are loaded, and nowhere else.

import { readFileSync } from "node:fs";
import { register } from "node:module";

const { mutant = "" } = JSON.parse(process.argv[2] ?? "{}");

/** @type {Record<string, {what: string, file: string, before: string, after: string}>} */
const MUTANTS = JSON.parse(readFileSync(new URL("mutants.json", import.meta.url), "utf8"));

const change = MUTANTS[mutant];
if (!change) throw new Error(`no such mutant: ${mutant}`);

const hooks = `
const { file, before, after } = ${JSON.stringify(change)};
export async function load(url, context, next) {
  const loaded = await next(url, context);
  if (!url.endsWith("/static/js/" + file)) return loaded;
  const source = String(loaded.source);
  if (!source.includes(before)) throw new Error("the mutant does not fit: " + file);
  return { ...loaded, source: source.replace(before, after) };
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
