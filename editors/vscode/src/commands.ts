// Run a flow, test a program, explore a test: from a lens, which says what, or from the palette, which asks.

import * as vscode from "vscode";
import { dirname } from "node:path";
import { program } from "./server";

/** The commands. A lens gives the document's URI and a name: of a flow for `run`, the title of a test for the others. */
export function commands(): vscode.Disposable[] {
  return [
    command("flowmesh.run", async (file, flow) => {
      const name = flow ?? (await choose(file, "flow", "Which flow?"));
      const input = name && (await vscode.window.showInputBox({ prompt: `Input of ${name}, as JSON`, value: "{}", validateInput: json }));
      if (name && input !== undefined) await start(file, `run ${name}`, ["run", file, name, "--input", input]);
    }),
    command("flowmesh.test", (file, title) => start(file, "test", ["test", file, ...(title ? ["--filter", title] : [])])),
    command("flowmesh.explore", async (file, title) => {
      const name = title ?? (await choose(file, "test", "Which test?"));
      if (name) await start(file, "explore", ["explore", file, "--test", name]);
    }),
    // Both only from a lens, which says all that they need.
    vscode.commands.registerCommand("flowmesh.runs", (uri: string, flow: string, server: string) =>
      start(vscode.Uri.parse(uri).fsPath, `runs of ${flow}`, ["runs", "list", "--flow", flow, "--server", server]),
    ),
    vscode.commands.registerCommand("flowmesh.references", (uri: string, at: Place, places: { uri: string; range: Lines }[]) =>
      vscode.commands.executeCommand(
        "editor.action.showReferences",
        vscode.Uri.parse(uri),
        new vscode.Position(at.line, at.character),
        places.map(({ uri, range }) => new vscode.Location(vscode.Uri.parse(uri), lines(range))),
      ),
    ),
  ];
}

/** A place, and a range, as the server says them. */
interface Place {
  line: number;
  character: number;
}

interface Lines {
  start: Place;
  end: Place;
}

function lines({ start, end }: Lines): vscode.Range {
  return new vscode.Range(start.line, start.character, end.line, end.character);
}

function command(name: string, act: (file: string, subject?: string) => unknown): vscode.Disposable {
  return vscode.commands.registerCommand(name, async (uri?: string | vscode.Uri, subject?: string) => {
    const named = typeof uri === "string" ? vscode.Uri.parse(uri) : uri;
    const document = named ? await vscode.workspace.openTextDocument(named) : vscode.window.activeTextEditor?.document;
    if (!document || document.languageId !== "flow") return;
    // The program reads the file, so what was typed must be in it.
    if (document.isUntitled || !(await document.save())) {
      return void vscode.window.showErrorMessage("The program is not saved in a file yet.");
    }
    await act(document.uri.fsPath, subject);
  });
}

/** Asks for one of the flows or tests of a file. */
async function choose(file: string, what: "flow" | "test", prompt: string): Promise<string | undefined> {
  const document = await vscode.workspace.openTextDocument(file);
  return vscode.window.showQuickPick(names(document.getText(), what), { placeHolder: prompt });
}

/** The names of the flows, or the titles of the tests, of a text that is in style: each begins a line. */
export function names(text: string, what: "flow" | "test"): string[] {
  const pattern = what === "flow" ? /^flow\s+([A-Za-z_]\w*)/gm : /^test\s+"((?:[^"\\]|\\.)*)"/gm;
  return [...text.matchAll(pattern)].flatMap((found) => found[1] ?? []);
}

function json(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (why) {
    return why instanceof Error ? why.message : String(why);
  }
}

/** As a task, so that it has a terminal of its own and can be stopped and repeated. */
async function start(file: string, name: string, args: string[]): Promise<void> {
  const uri = vscode.Uri.file(file);
  const scope = vscode.workspace.getWorkspaceFolder(uri) ?? vscode.TaskScope.Workspace;
  const execution = new vscode.ProcessExecution(program(), args, { cwd: dirname(file) });
  const task = new vscode.Task({ type: "flowmesh", command: args[0] ?? "" }, scope, name, "flowmesh", execution);
  task.presentationOptions = { clear: true, focus: false };
  await vscode.tasks.executeTask(task);
}
