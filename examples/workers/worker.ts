// A worker in TypeScript: pulls tasks from queues of flowmesh and does them. Node's own fetch, no dependencies.
//
//   node worker.ts http://127.0.0.1:7700 shouts                                   (node 22.18 and later)
//   node strip.mjs worker.ts > worker.mjs && node worker.mjs http://127.0.0.1:7700 shouts     (node 18 and later)
//
// A task is the worker's own for as long as its lease lasts; a timer says every few seconds that the work goes on. A
// worker that dies says nothing, and the task is given to another.

interface Task {
  task: string;
  lease: string;
  attempt: number;
  input: Input;
}

interface Input {
  text: string;
}

const seconds = 30;

/** An error that the operation declares: its name, and its fields. */
class Failed extends Error {
  fields: unknown;

  constructor(name: string, fields: unknown) {
    super(name);
    this.name = name;
    this.fields = fields;
  }
}

/** op shout(text: string) -> string fails Empty */
function shout(input: Input): string {
  if (input.text.trim() === "") {
    throw new Failed("Empty", { text: input.text });
  }
  return input.text.toUpperCase() + "!";
}

const handlers = new Map([["shouts", shout]]);

/** What a POST is answered with, or null where there is nothing. */
async function post(url: string, body: unknown): Promise<unknown> {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) {
    throw new Error(answer.status + " " + text);
  }
  return text === "" ? null : JSON.parse(text);
}

/** Does one task and says how it went. */
async function perform(server: string, task: Task, queue: string): Promise<void> {
  const at = server + "/v1/tasks/" + task.task;
  const beat = () => post(at + "/heartbeat", { lease: task.lease, for: seconds + "s" }).catch(console.error);
  const timer = setInterval(beat, (seconds * 1000) / 3);
  try {
    const handler = handlers.get(queue);
    const result = await handler(task.input);
    await post(at + "/complete", { lease: task.lease, result });
  } catch (error) {
    if (!(error instanceof Failed)) {
      throw error;
    }
    await post(at + "/fail", { lease: task.lease, error: error.name, fields: error.fields });
  } finally {
    clearInterval(timer);
  }
}

/** Pulls and does tasks for ever. */
async function work(server: string, queue: string): Promise<void> {
  for (;;) {
    try {
      const task = await post(server + "/v1/queues/" + queue + "/lease?wait=30s&lease=" + seconds + "s", {});
      if (task !== null) {
        await perform(server, task as Task, queue);
      }
    } catch (error) {
      // The server does not answer, or the task is not ours any more.
      console.error(String(error));
      await new Promise((again) => setTimeout(again, 1000));
    }
  }
}

await work(process.argv[2].replace(/\/$/, ""), process.argv[3]);
