// What each piece of a program is coloured as. `UPDATE=1 npm test` writes the snapshot anew.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const { Registry, INITIAL, parseRawGrammar } = require("vscode-textmate");
const { loadWASM, OnigScanner, OnigString } = require("vscode-oniguruma");

const here = fileURLToPath(new URL(".", import.meta.url));
const top = join(here, "../../..");

async function grammar() {
  await loadWASM(readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm")));
  const path = join(here, "../syntaxes/flow.tmLanguage.json");
  const registry = new Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns) => new OnigScanner(patterns),
      createOnigString: (text) => new OnigString(text),
    }),
    loadGrammar: async () => parseRawGrammar(readFileSync(path, "utf8"), path),
  });
  return registry.loadGrammar("source.flow");
}

const loaded = await grammar();

/** The lines with their tokens, and the state after the last. */
function read(text) {
  let state = INITIAL;
  const lines = text.split("\n").map((line) => {
    const { tokens, ruleStack } = loaded.tokenizeLine(line, state);
    state = ruleStack;
    return { line, tokens };
  });
  return { lines, state };
}

/** Under each line its coloured pieces, with their scopes. */
function shown({ line, tokens }) {
  const coloured = tokens.map(({ startIndex, endIndex, scopes }) => {
    const piece = line.slice(startIndex, endIndex);
    const names = scopes.slice(1).map((scope) => scope.replaceAll(/\.flow\b/g, ""));
    return piece.trim() && names.length > 0 ? `    ${piece.trim()} | ${names.join(" ")}` : undefined;
  });
  return [`> ${line}`, ...coloured.filter(Boolean)].join("\n");
}

function programs(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return programs(path);
    return entry.name.endsWith(".flow") ? [path] : [];
  });
}

test("a program has the colours of the snapshot", () => {
  const text = readFileSync(join(here, "colours/shop.flow"), "utf8");
  const snapshot = join(here, "colours/shop.snap");
  const now = `${read(text).lines.map(shown).join("\n")}\n`;
  if (process.env.UPDATE || !existsSync(snapshot)) writeFileSync(snapshot, now);
  assert.equal(now, readFileSync(snapshot, "utf8"));
});

test("nothing is left open at the end of any program", () => {
  const all = ["tests/suite", "examples", "stdlib"].flatMap((folder) => programs(join(top, folder)));
  assert.ok(all.length > 300, `only ${all.length} programs were found`);
  for (const path of all) {
    const text = readFileSync(path, "utf8");
    assert.equal(read(text).state.depth, 1, path);
  }
});

test("every reserved word is coloured as a word", () => {
  const words = readFileSync(join(top, "compiler/frontend/src/parse/words.rs"), "utf8");
  const reserved = words.match(/RESERVED: &\[&str\] = &\[([^\]]*)\]/)[1].match(/\w+/g);
  assert.ok(reserved.length > 25);
  for (const word of reserved) {
    const { tokens } = read(`x ${word} y`).lines[0];
    const { scopes } = tokens.find(({ startIndex }) => startIndex === 2) ?? { scopes: [] };
    assert.match(scopes.at(-1), /keyword|constant\.language/, word);
  }
});
