// Starts `flowmesh lsp` and speaks with it.

import * as vscode from "vscode";
import { LanguageClient, State } from "vscode-languageclient/node";

/** Whatever answers a request: the client, or what stands for it in a test. */
export interface Answers {
  ask<Answer>(method: string, params: object): Promise<Answer | undefined>;
}

/** The `flowmesh` program that the settings name. */
export function program(): string {
  return vscode.workspace.getConfiguration("flowmesh").get("path", "flowmesh");
}

export class Server implements Answers, vscode.Disposable {
  private client: LanguageClient | undefined;

  async start(): Promise<void> {
    const command = program();
    const run = { command, args: ["lsp"] };
    this.client = new LanguageClient("flowmesh", "flowmesh", { run, debug: run }, {
      documentSelector: [
        { scheme: "file", language: "flow" },
        { scheme: "untitled", language: "flow" },
      ],
      synchronize: { fileEvents: vscode.workspace.createFileSystemWatcher("**/*.{flow,proto,yaml,yml,json,toml}") },
      diagnosticCollectionName: "flowmesh",
      // The commands of lenses are those of the extension.
      initializationOptions: { commands: true, server: vscode.workspace.getConfiguration("flowmesh").get("server", "") },
    });
    try {
      await this.client.start();
    } catch (why) {
      this.client = undefined;
      await this.missing(command, why);
    }
  }

  /** Nothing works without the program, so it is said once, with the way to the setting. */
  private async missing(command: string, why: unknown): Promise<void> {
    const settings = "Open Settings";
    const said = why instanceof Error ? why.message : String(why);
    // Not waited for: the extension is there, whatever becomes of the message.
    void vscode.window
      .showErrorMessage(`\`${command} lsp\` does not start: ${said}`, settings)
      .then((chosen) => chosen === settings && vscode.commands.executeCommand("workbench.action.openSettings", "flowmesh.path"));
  }

  async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    if (client?.state === State.Running) await client.stop();
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  get isRunning(): boolean {
    return this.client?.state === State.Running;
  }

  /** The answer; nothing where the server does not know the question, or is not there. */
  async ask<Answer>(method: string, params: object): Promise<Answer | undefined> {
    if (!this.client || !this.isRunning) return undefined;
    try {
      return (await this.client.sendRequest<Answer | null>(method, params)) ?? undefined;
    } catch (why) {
      this.client.warn(`${method}: ${why instanceof Error ? why.message : String(why)}`);
      return undefined;
    }
  }

  dispose(): void {
    void this.stop();
  }
}
