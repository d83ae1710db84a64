// `flowmesh check` and `flowmesh test` as tasks, whose findings are problems.

import * as vscode from "vscode";
import { program } from "./server";

interface Definition extends vscode.TaskDefinition {
  command: "check" | "test";
  path?: string;
}

export class Tasks implements vscode.TaskProvider {
  provideTasks(): vscode.Task[] {
    const folders = vscode.workspace.workspaceFolders ?? [];
    const both = ["check", "test"] as const;
    return folders.flatMap((folder) => both.map((command) => task({ type: "flowmesh", command }, folder)));
  }

  resolveTask(unresolved: vscode.Task): vscode.Task | undefined {
    const { command } = unresolved.definition;
    if (command !== "check" && command !== "test") return undefined;
    return task({ ...unresolved.definition, command }, unresolved.scope ?? vscode.TaskScope.Workspace);
  }
}

function task(definition: Definition, scope: vscode.WorkspaceFolder | vscode.TaskScope): vscode.Task {
  const { command, path = "." } = definition;
  const name = definition.path ? `${command} ${path}` : command;
  const execution = new vscode.ProcessExecution(program(), [command, path]);
  const made = new vscode.Task(definition, scope, name, "flowmesh", execution, ["$flowmesh", "$flowmesh-warnings"]);
  made.group = command === "test" ? vscode.TaskGroup.Test : vscode.TaskGroup.Build;
  return made;
}
