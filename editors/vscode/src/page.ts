// The page that shows a graph. It knows nothing but a drawing and which of its parts can be chosen.

import { randomBytes } from "node:crypto";

/** The page, empty. Only its own script runs: whatever a drawing holds is a picture. */
export function page(): string {
  const nonce = randomBytes(16).toString("base64");
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-${nonce}'">
<style>
  body { margin: 0; padding: 12px; }
  svg { display: block; margin: 0 auto; max-width: 100%; height: auto; color: var(--vscode-editor-foreground); }
  .choice { cursor: pointer; }
  .choice:hover { opacity: 0.75; }
  .marked { filter: drop-shadow(0 0 3px var(--vscode-focusBorder)) drop-shadow(0 0 1px var(--vscode-focusBorder)); }
  p { color: var(--vscode-descriptionForeground); font-family: var(--vscode-font-family); }
</style>
</head>
<body>
<main><p>Put the cursor into a flow.</p></main>
<script nonce="${nonce}">${script}</script>
</body>
</html>`;
}

/** Runs in the page. */
const script = `
const editor = acquireVsCodeApi();
const main = document.querySelector("main");
let ids = [];

function draw(svg) {
  if (!svg) return;
  const read = new DOMParser().parseFromString(svg, "image/svg+xml");
  const picture = read.documentElement;
  if (picture.nodeName !== "svg") return;
  main.replaceChildren(document.importNode(picture, true));
  for (const id of ids) {
    const node = main.querySelector("[data-id=\\"" + CSS.escape(id) + "\\"]");
    node?.classList.add("choice");
    node?.addEventListener("click", () => editor.postMessage({ kind: "chosen", id }));
  }
}

function mark(id) {
  for (const node of main.querySelectorAll(".marked")) node.classList.remove("marked");
  if (!id) return;
  const node = main.querySelector("[data-id=\\"" + CSS.escape(id) + "\\"]");
  node?.classList.add("marked");
  node?.scrollIntoView({ block: "nearest", inline: "nearest" });
  editor.postMessage({ kind: "marked", id: node?.dataset.id });
}

window.addEventListener("message", ({ data }) => {
  if (data.kind === "draw") {
    ids = data.ids;
    draw(data.svg);
  } else if (data.kind === "mark") {
    mark(data.id);
  }
});
editor.postMessage({ kind: "ready" });
`;
