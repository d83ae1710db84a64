// Runs `dist/inside.js` in a real editor: the server of VS Code as code-server has it, with its page in a headless
// Chromium. Says that it was skipped where one of them is missing.
//
//   CODE_SERVER=.../node_modules/code-server CHROMIUM=chromium FLOWMESH=flowmesh node test/host.mjs

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const extension = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
const { CODE_SERVER = "", CHROMIUM = "chromium", FLOWMESH = "", SCREENSHOT } = process.env;
const main = join(CODE_SERVER, "lib/vscode/out/server-main.js");
if (!existsSync(main) || !existsSync(FLOWMESH)) {
  console.log("skipped: the extension in a real editor: CODE_SERVER or FLOWMESH is not set to one");
  process.exit(0);
}

const top = mkdtempSync(join(tmpdir(), "flowmesh-vscode-"));
const open = [];
try {
  process.exitCode = await test();
} finally {
  for (const child of open) child.kill();
  await new Promise((done) => setTimeout(done, 500));
  rmSync(top, { recursive: true, force: true, maxRetries: 10 });
}

async function test() {
  const folder = join(top, "work");
  const settings = { "flowmesh.path": FLOWMESH, "task.problemMatchers.neverPrompt": true };
  write(join(folder, "wrong.flow"), "flow total(price: int) -> int {\n  return prize * 2\n}\n");
  write(join(folder, "broken.flow"), "flow broken() -> int {\n  return missing\n}\n");
  write(
    join(folder, "graph.flow"),
    'flow first(x: int) -> int {\n  sleep 1h\n  sleep 2h\n  return x\n}\n\nflow second(x: int) -> int {\n  return x\n}\n\ntest "a run" {\n  let run = start second(1)\n  expect run returns 1\n}\n',
  );
  write(join(top, "server/data/Machine/settings.json"), JSON.stringify(settings));
  const port = await free();
  start(process.execPath, [
    main, "--host", "127.0.0.1", "--port", port, "--without-connection-token", "--accept-server-license-terms",
    "--disable-workspace-trust", "--telemetry-level", "off", "--server-data-dir", join(top, "server"),
  ]);
  const remote = `vscode-remote://127.0.0.1:${port}`;
  const payload = [
    ["extensionDevelopmentPath", `${remote}${extension}`],
    ["extensionTestsPath", `${remote}${extension}/dist/inside.js`],
    ["skipWelcome", "true"],
    ["skipReleaseNotes", "true"],
  ];
  const query = new URLSearchParams({ folder, payload: JSON.stringify(payload) });
  const url = `http://127.0.0.1:${port}/?${query}`;
  await answered(`http://127.0.0.1:${port}/version`);
  return browse(url);
}

function write(path, text) {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
}

function start(command, args, stdio = ["ignore", "ignore", "ignore"]) {
  const child = spawn(command, args.map(String), { stdio, env: { ...process.env, FLOWMESH } });
  open.push(child);
  return child;
}

function free() {
  return new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

async function answered(url) {
  for (let tries = 0; tries < 600; tries++) {
    if (await fetch(url).then((answer) => answer.ok, () => false)) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`${url} does not answer`);
}

/** Opens the page, hands on what is logged inside, and gives the exit code that the tests end with. */
async function browse(url) {
  const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe"];
  const chromium = start(
    CHROMIUM, [...flags, "--window-size=1200,800", `--user-data-dir=${join(top, "browser")}`, "about:blank"],
    ["ignore", "ignore", "ignore", "pipe", "pipe"],
  );
  const { ask, on } = protocol(chromium);
  const { targetInfos } = await ask("Target.getTargets");
  const { targetId } = targetInfos.find(({ type }) => type === "page");
  const { sessionId } = await ask("Target.attachToTarget", { targetId, flatten: true });
  // The graph is a page in a page in the page, so whichever knows the element clicks it.
  const contexts = [];
  const click = (id) => {
    const expression = `document.querySelector(${JSON.stringify(`[data-id="${id}"]`)})?.dispatchEvent(new MouseEvent("click", { bubbles: true }))`;
    for (const contextId of contexts) ask("Runtime.evaluate", { expression, contextId }, sessionId).catch(() => {});
  };
  const code = new Promise((done, fail) => {
    setTimeout(() => fail(new Error("the tests do not end")), 400_000).unref();
    on("Runtime.bindingCalled", ({ payload }) => done(JSON.parse(payload)));
    on("Runtime.executionContextCreated", ({ context }) => contexts.push(context.id));
    on("Runtime.consoleAPICalled", ({ args }) => {
      const text = args.map(({ value }) => value ?? "").join(" ");
      const clicked = /^inside: click "([^"]+)"/.exec(text);
      if (clicked) click(clicked[1]);
      if (process.env.VERBOSE || /inside:|AssertionError|waited for|Error:/.test(text)) console.log(text.replaceAll(/%c|color: \w*/g, "").trim());
    });
  });
  await ask("Runtime.enable", {}, sessionId);
  await ask("Page.enable", {}, sessionId);
  await ask("Runtime.addBinding", { name: "ended" }, sessionId);
  const source = "globalThis.codeAutomationExit = (code) => ended(JSON.stringify(code)); globalThis.codeAutomationLog = (kind, args) => console.log(...args);";
  await ask("Page.addScriptToEvaluateOnNewDocument", { source }, sessionId);
  await ask("Page.navigate", { url }, sessionId);
  const picture = setInterval(async () => {
    if (!SCREENSHOT) return;
    const { data } = await ask("Page.captureScreenshot", {}, sessionId);
    writeFileSync(SCREENSHOT, Buffer.from(data, "base64"));
  }, 3000);
  try {
    return await code;
  } finally {
    clearInterval(picture);
  }
}

/** The DevTools protocol over two pipes: messages that end with a zero byte. */
function protocol(child) {
  const [, , , write, read] = child.stdio;
  const waiting = new Map();
  const listeners = new Map();
  let [text, last] = ["", 0];
  read.setEncoding("utf8").on("data", (more) => {
    const messages = (text + more).split("\0");
    text = messages.pop();
    for (const { id, result, error, method, params } of messages.map((one) => JSON.parse(one))) {
      if (method) listeners.get(method)?.(params);
      else if (error) waiting.get(id)?.fail(new Error(error.message));
      else waiting.get(id)?.done(result);
    }
  });
  const ask = (method, params = {}, sessionId = undefined) =>
    new Promise((done, fail) => {
      waiting.set(++last, { done, fail });
      write.write(`${JSON.stringify({ id: last, method, params, sessionId })}\0`);
    });
  return { ask, on: (method, listener) => listeners.set(method, listener) };
}
