// Bundles the extension into one file. With `--tests` also what looks at it from inside of an editor.

import { build } from "esbuild";

const common = {
  bundle: true,
  external: ["vscode"],
  format: "cjs",
  platform: "node",
  target: "node18",
  logLevel: "warning",
};

await build({ ...common, entryPoints: ["src/extension.ts"], outfile: "dist/extension.js", minify: true });
if (process.argv.includes("--tests")) {
  await build({ ...common, entryPoints: ["src/test/inside.ts"], outfile: "dist/inside.js" });
}
