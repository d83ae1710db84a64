// The graph of the flow under the cursor, beside its source: a click on a state shows its source, the cursor marks its
// state, and what is typed is drawn.

import * as vscode from "vscode";
import type { Answers } from "./server";
import { page } from "./page";

/** The answer to `flowmesh/graph`. */
interface Drawing {
  svg: string;
  nodes: { id: string; range: Lines }[];
}

interface Lines {
  start: { line: number; character: number };
  end: { line: number; character: number };
}

/** What the page tells. */
type Told = { kind: "ready" } | { kind: "chosen"; id: string } | { kind: "marked"; id?: string };

export class Graph implements vscode.Disposable {
  private panel: vscode.WebviewPanel | undefined;
  private ready = false;
  private timer: NodeJS.Timeout | undefined;
  private asked = 0;
  private drawing: Drawing | undefined;
  /** The state that the page has marked. */
  shown: string | undefined;
  /** The document that is drawn, also while the graph itself has the focus. */
  private source: vscode.Uri | undefined;
  private readonly listeners: vscode.Disposable[] = [];

  constructor(private readonly server: Answers) {
    this.listeners.push(
      vscode.window.onDidChangeActiveTextEditor((editor) => editor && isFlow(editor.document) && this.soon()),
      vscode.window.onDidChangeTextEditorSelection((change) => {
        if (!isFlow(change.textEditor.document)) return;
        this.mark(change.textEditor);
        this.soon();
      }),
      vscode.workspace.onDidChangeTextDocument((change) => isFlow(change.document) && this.soon()),
    );
  }

  /** Opens the graph beside the source, or brings it to the front. */
  async show(): Promise<void> {
    if (this.panel) this.panel.reveal(undefined, true);
    else this.open();
    await this.draw();
  }

  private open(): void {
    const beside = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
    const panel = vscode.window.createWebviewPanel("flowmesh.graph", "Graph", beside, {
      enableScripts: true,
      localResourceRoots: [],
    });
    panel.webview.onDidReceiveMessage((told: Told) => this.told(told));
    panel.onDidDispose(() => this.closed());
    this.panel = panel;
    panel.webview.html = page();
  }

  private closed(): void {
    clearTimeout(this.timer);
    [this.panel, this.ready, this.drawing, this.shown] = [undefined, false, undefined, undefined];
  }

  /** Draws when nothing was typed for a while. */
  private soon(): void {
    if (!this.panel) return;
    clearTimeout(this.timer);
    const delay = vscode.workspace.getConfiguration("flowmesh").get("graph.delay", 200);
    this.timer = setTimeout(() => void this.draw(), delay);
  }

  /** Asks for the drawing of the flow under the cursor. The last question's answer counts, whichever comes last. */
  async draw(): Promise<void> {
    const editor = this.editor();
    if (!this.panel || !editor) return;
    const asked = ++this.asked;
    const params = {
      textDocument: { uri: editor.document.uri.toString() },
      position: { line: editor.selection.active.line, character: editor.selection.active.character },
    };
    const drawing = await this.server.ask<Drawing>("flowmesh/graph", params);
    if (asked !== this.asked || !this.panel) return;
    // Between two flows, and while a text cannot be read, the last drawing stays.
    if (!drawing) return this.tell();
    [this.drawing, this.source] = [drawing, editor.document.uri];
    this.tell();
    this.mark(editor);
  }

  private editor(): vscode.TextEditor | undefined {
    const active = vscode.window.activeTextEditor;
    if (active && isFlow(active.document)) return active;
    const source = this.source?.toString();
    const shown = vscode.window.visibleTextEditors;
    return shown.find((editor) => editor.document.uri.toString() === source) ?? shown.find((editor) => isFlow(editor.document));
  }

  private tell(): void {
    if (!this.ready) return;
    const { svg, nodes } = this.drawing ?? { svg: "", nodes: [] };
    void this.panel?.webview.postMessage({ kind: "draw", svg, ids: nodes.map((node) => node.id) });
  }

  /** Marks the state in whose source the cursor is: the smallest, since they lie within each other. */
  private mark(editor: vscode.TextEditor): void {
    if (!this.drawing || editor.document.uri.toString() !== this.source?.toString()) return;
    const id = under(this.drawing, editor.selection.active);
    void this.panel?.webview.postMessage({ kind: "mark", id });
  }

  private async told(told: Told): Promise<void> {
    if (told.kind === "ready") {
      this.ready = true;
      this.tell();
      const editor = this.editor();
      if (editor) this.mark(editor);
    } else if (told.kind === "marked") {
      this.shown = told.id;
    } else {
      await this.reveal(told.id);
    }
  }

  /** The states of the drawing. */
  get names(): string[] {
    return this.drawing?.nodes.map((node) => node.id) ?? [];
  }

  /** The line on which the marked state begins. */
  get line(): number | undefined {
    return this.drawing?.nodes.find((node) => node.id === this.shown)?.range.start.line;
  }

  /** Shows the source of a state. */
  private async reveal(id: string): Promise<void> {
    const node = this.drawing?.nodes.find((node) => node.id === id);
    if (!node || !this.source) return;
    const range = place(node.range);
    const shown = this.editor();
    const document = await vscode.workspace.openTextDocument(this.source);
    await vscode.window.showTextDocument(document, {
      viewColumn: shown?.viewColumn ?? vscode.ViewColumn.One,
      selection: new vscode.Range(range.start, range.start),
    });
    vscode.window.activeTextEditor?.revealRange(range, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.panel?.dispose();
    for (const listener of this.listeners) listener.dispose();
  }
}

/** The node with the smallest range around a place. */
function under(drawing: Drawing, at: vscode.Position): string | undefined {
  const around = drawing.nodes.filter((node) => place(node.range).contains(at));
  const inside = (a: Lines, b: Lines) => place(b).contains(place(a));
  return around.reduce<Drawing["nodes"][number] | undefined>(
    (least, node) => (!least || inside(node.range, least.range) ? node : least),
    undefined,
  )?.id;
}

function place(range: Lines): vscode.Range {
  return new vscode.Range(range.start.line, range.start.character, range.end.line, range.end.character);
}

function isFlow(document: vscode.TextDocument): boolean {
  return document.languageId === "flow";
}
