// The extension: a client of `flowmesh lsp`, the graph of a flow beside its source, commands and tasks.

import * as vscode from "vscode";
import { Server } from "./server";
import { Graph } from "./graph";
import { commands } from "./commands";
import { Tasks } from "./tasks";

/** What the tests look at. */
export interface Extension {
  server: Server;
  graph: Graph;
}

let server: Server | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<Extension> {
  server = new Server();
  const graph = new Graph(server);
  context.subscriptions.push(
    server,
    graph,
    ...commands(),
    vscode.commands.registerCommand("flowmesh.graph", () => graph.show()),
    vscode.commands.registerCommand("flowmesh.restart", () => server?.restart()),
    vscode.tasks.registerTaskProvider("flowmesh", new Tasks()),
    vscode.workspace.onDidChangeConfiguration(async (change) => {
      if (change.affectsConfiguration("flowmesh.path")) await server?.restart();
    }),
  );
  // Whoever only reads somebody else's program has its colours; nothing is started.
  if (vscode.workspace.isTrusted) await server.start();
  else context.subscriptions.push(vscode.workspace.onDidGrantWorkspaceTrust(() => server?.start()));
  return { server, graph };
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}
