#!/usr/bin/env node
// Stands between an editor and `flowmesh lsp`, and answers `flowmesh/graph` where that does not: one node for the flow,
// one for each of its lines that is a statement. FLOWMESH names the real program.

import { spawn } from "node:child_process";

const server = spawn(process.env.FLOWMESH, process.argv.slice(2), { stdio: ["pipe", "pipe", "inherit"] });
// Whoever asks for another command than `lsp` gets the real one.
if (process.argv[2] !== "lsp") {
  process.stdin.pipe(server.stdin);
  server.stdout.pipe(process.stdout);
} else {
  serve();
}
server.on("exit", (code) => process.exit(code ?? 1));

function serve() {
  const texts = new Map();
  const graphs = new Map();
  messages(process.stdin, (message) => {
    const { method, params } = message;
    if (method === "textDocument/didOpen") texts.set(params.textDocument.uri, params.textDocument.text);
    if (method === "textDocument/didChange") {
      let text = texts.get(params.textDocument.uri);
      for (const change of params.contentChanges) text = changed(text, change);
      texts.set(params.textDocument.uri, text);
    }
    if (method === "flowmesh/graph") graphs.set(message.id, params);
    send(server.stdin, message);
  });
  messages(server.stdout, (message) => {
    const params = graphs.get(message.id);
    if (params && message.error?.code === -32601) {
      message = { jsonrpc: "2.0", id: message.id, result: drawing(texts.get(params.textDocument.uri), params.position) };
    }
    send(process.stdout, message);
  });
  process.stdin.on("end", () => server.stdin.end());
}

function changed(text, { range, text: inserted }) {
  if (!range) return inserted;
  const offset = ({ line, character }) => text.split("\n").slice(0, line).join("\n").length + (line && 1) + character;
  return text.slice(0, offset(range.start)) + inserted + text.slice(offset(range.end));
}

function drawing(text, { line }) {
  const lines = text.split("\n");
  const first = lines.findLastIndex((one, at) => at <= line && one.startsWith("flow "));
  const last = lines.findIndex((one, at) => at > first && one.startsWith("}"));
  if (first < 0 || last < line) return null;
  const whole = { id: "whole", range: range(first, 0, last, 1) };
  const inner = lines.slice(first + 1, last).map((one, at) => ({ id: `line-${at}`, range: range(first + 1 + at, 2, first + 1 + at, one.length) }));
  const box = ({ id }, at) => `<g data-id="${id}"><rect x="8" y="${8 + at * 40}" width="150" height="30" fill="none" stroke="currentColor"/><text x="16" y="${28 + at * 40}" fill="currentColor">${id}</text></g>`;
  const nodes = [whole, ...inner];
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="170" height="${20 + nodes.length * 40}">${nodes.map(box).join("")}</svg>`;
  return { svg, nodes };
}

function range(line, character, lastLine, lastCharacter) {
  return { start: { line, character }, end: { line: lastLine, character: lastCharacter } };
}

function messages(stream, each) {
  let open = Buffer.alloc(0);
  stream.on("data", (more) => {
    open = Buffer.concat([open, more]);
    for (;;) {
      const head = open.indexOf("\r\n\r\n");
      if (head < 0) return;
      const length = Number(/content-length: *(\d+)/i.exec(open.toString("latin1", 0, head))[1]);
      if (open.length < head + 4 + length) return;
      each(JSON.parse(open.toString("utf8", head + 4, head + 4 + length)));
      open = open.subarray(head + 4 + length);
    }
  });
}

function send(stream, message) {
  const body = Buffer.from(JSON.stringify(message));
  stream.write(`Content-Length: ${body.length}\r\n\r\n`);
  stream.write(body);
}
