// Called by bin/vendor. Of each package named on stdin, what the exports named there need, as one
// module: statements that nobody reaches are left out, names and structure stay as they were.
// in:  {file: {package: [export, …]}}, in the order in which files may use each other
// out: {file: {text, sources: [path under node_modules, …]}}

import { readFile } from "node:fs/promises";
import { text as read } from "node:stream/consumers";
import { build } from "esbuild";

const SHARED = { package: "hpke", file: "hpke.js" }; // one class for each of its errors, wherever it is thrown

// Calls at the top of this module which only make objects; it lacks the marks that its siblings
// have, and without them the NIST curves stay in. A mark is a comment: the code is the package's.
const UNMARKED = /@noble\/post-quantum\/hybrid\.js$/;
const MAKES = /(?<=^(?:export )?const .*[=,] )(?=(?:QSF|createKitchenSink|ecdhKem)\()/gm;

const wanted = JSON.parse(await read(process.stdin));
const trimmed = {};
for (const [file, packages] of Object.entries(wanted)) trimmed[file] = await trim(file, packages);
process.stdout.write(JSON.stringify(trimmed));

async function trim(file, packages) {
  const lines = Object.entries(packages).map(([name, members]) => `export { ${members.join(", ")} } from "${name}";`);
  const { outputFiles, metafile } = await build({
    stdin: { contents: lines.join("\n"), resolveDir: process.cwd(), sourcefile: file },
    bundle: true,
    format: "esm",
    target: "esnext",
    charset: "utf8",
    legalComments: "inline",
    write: false,
    metafile: true,
    logLevel: "error",
    plugins: [{ name: "trim", setup: (plan) => arrange(plan, file) }],
  });
  const [{ inputs }] = Object.values(metafile.outputs);
  const sources = Object.keys(inputs).filter((path) => inputs[path].bytesInOutput > 0);
  return { text: outputFiles[0].text, sources: sources.map((path) => path.replace(/^.*node_modules\//, "")) };
}

function arrange(plan, file) {
  if (file !== SHARED.file)
    plan.onResolve({ filter: new RegExp(`^${SHARED.package}$`) }, () => ({ path: `./${SHARED.file}`, external: true }));
  plan.onLoad({ filter: UNMARKED }, async ({ path }) => {
    const plain = await readFile(path, "utf8");
    const contents = plain.replace(MAKES, "/* @__PURE__ */ ");
    if (contents === plain) throw new Error("nothing to mark: leave the marking out");
    return { contents, loader: "js" };
  });
}
