// Takes the types out of worker.ts, for a node that does not do so itself. It knows the types that stand there, and no
// other TypeScript: use the compiler for more than that.

import { readFileSync } from "node:fs";

const type = "(?:[A-Z]\\w*|string|number|unknown|void)(?:<\\w+>)?";
const text = readFileSync(process.argv[2], "utf8")
  .replace(/^interface [^}]*^}\n/gm, "")
  .replace(/^ {2}\w+: unknown;\n/gm, "")
  .replace(new RegExp(`(\\w|\\)): ${type}(?=[,){ ])`, "g"), "$1")
  .replace(new RegExp(` as ${type}`, "g"), "");
process.stdout.write(text);
