// Runs inside of an extension host, and looks at what the extension does to the editor.

import * as assert from "node:assert/strict";
import { join } from "node:path";
import * as vscode from "vscode";
import type { Extension } from "../extension";

const LONG = 60_000;

/** What an extension host calls. */
export async function run(): Promise<void> {
  const extension = vscode.extensions.getExtension<Extension>("flowmesh.flowmesh");
  assert.ok(extension, "the extension is not installed");
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  assert.ok(folder, "there is no folder");
  for (const [name, check] of Object.entries(checks)) {
    console.log(`inside: ${name}`);
    await check(folder, extension);
  }
  console.log(`inside: all ${Object.keys(checks).length} hold`);
}

type Check = (folder: string, extension: vscode.Extension<Extension>) => Promise<void>;

const checks: Record<string, Check> = {
  async "a program with an error has a diagnostic, which goes with it"(folder, extension) {
    const editor = await open(join(folder, "wrong.flow"));
    assert.equal(editor.document.languageId, "flow");
    await until("the server", () => extension.isActive && extension.exports.server.isRunning);
    await until("the diagnostic", () => found(editor).length === 1);
    const [diagnostic] = found(editor);
    assert.match(diagnostic?.message ?? "", /unknown name `prize`/);
    assert.deepEqual(diagnostic?.range.start, new vscode.Position(1, 9));
    await replace(editor, "prize", "price");
    await until("the diagnostic to go", () => found(editor).length === 0);
  },

  async "a name has a hover"(folder) {
    const editor = await open(join(folder, "wrong.flow"));
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
      "vscode.executeHoverProvider", editor.document.uri, new vscode.Position(1, 10),
    );
    const text = hovers.flatMap((hover) => hover.contents.map((one) => (typeof one === "string" ? one : one.value))).join("\n");
    assert.match(text, /int/);
  },

  async "a program is laid out"(folder) {
    const editor = await open(join(folder, "wrong.flow"));
    await replace(editor, "price * 2", "price*2");
    await vscode.commands.executeCommand("editor.action.formatDocument");
    await until("the layout", () => editor.document.getText().includes("return price * 2"));
  },

  async "comments and brackets are the language's"(folder) {
    const editor = await open(join(folder, "wrong.flow"));
    editor.selection = new vscode.Selection(1, 0, 1, 0);
    await vscode.commands.executeCommand("editor.action.commentLine");
    assert.equal(editor.document.lineAt(1).text, "  // return price * 2");
    await vscode.commands.executeCommand("editor.action.commentLine");
    assert.equal(editor.document.lineAt(1).text, "  return price * 2");
  },

  async "the graph stands beside its source, and follows it"(folder, extension) {
    const { graph } = extension.exports;
    const editor = await open(join(folder, "graph.flow"));
    editor.selection = new vscode.Selection(1, 4, 1, 4);
    await vscode.commands.executeCommand("flowmesh.graph");
    await until("the page", () => graph.line === 1);
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
    assert.ok(tabs.some((tab) => tab.label === "Graph"), "there is no graph");
    const [first, states] = [graph.shown, graph.names.length];
    editor.selection = new vscode.Selection(2, 4, 2, 4);
    await until("the mark to follow", () => graph.line === 2);
    await replace(editor, "  return x", "  sleep 3h\n  return x");
    await until("the drawing to follow", () => graph.names.length === states + 1);
    // Whoever runs this clicks on it in the page.
    console.log(`inside: click "${first}"`);
    await until("the source of what was clicked", () => vscode.window.activeTextEditor?.selection.active.line === 1);
  },

  async "checks are tasks, whose findings are problems"(folder) {
    const tasks = await vscode.tasks.fetchTasks({ type: "flowmesh" });
    assert.deepEqual(tasks.map((task) => task.name).sort(), ["check", "test"]);
    const check = tasks.find((task) => task.name === "check");
    assert.ok(check);
    const ended = new Promise<number | undefined>((done) => {
      vscode.tasks.onDidEndTaskProcess((end) => end.execution.task.name === "check" && done(end.exitCode));
    });
    await vscode.tasks.executeTask(check);
    assert.equal(await ended, 3, "`broken.flow` has an error");
    const uri = vscode.Uri.file(join(folder, "broken.flow"));
    const problem = () => vscode.languages.getDiagnostics(uri).find((one) => one.message.includes("unknown name `missing`"));
    await until("the problem", () => problem() !== undefined);
    assert.deepEqual(problem()?.range.start, new vscode.Position(1, 9));
  },

  async "a lens runs the tests of a program"(folder) {
    const uri = vscode.Uri.file(join(folder, "graph.flow"));
    const ended = new Promise<number | undefined>((done) => {
      vscode.tasks.onDidEndTaskProcess((end) => end.execution.task.name === "test" && done(end.exitCode));
    });
    await vscode.commands.executeCommand("flowmesh.test", uri.toString(), "a run");
    assert.equal(await ended, 0);
  },
};

async function open(path: string): Promise<vscode.TextEditor> {
  const document = await vscode.workspace.openTextDocument(path);
  return vscode.window.showTextDocument(document, vscode.ViewColumn.One);
}

function found(editor: vscode.TextEditor): vscode.Diagnostic[] {
  return vscode.languages.getDiagnostics(editor.document.uri);
}

async function replace(editor: vscode.TextEditor, old: string, by: string): Promise<void> {
  const at = editor.document.getText().indexOf(old);
  assert.ok(at >= 0, `\`${old}\` is not there`);
  const range = new vscode.Range(editor.document.positionAt(at), editor.document.positionAt(at + old.length));
  assert.ok(await editor.edit((edit) => edit.replace(range, by)));
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const end = Date.now() + LONG;
  while (!holds()) {
    assert.ok(Date.now() < end, `waited for nothing: ${what}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}
