"""A worker in Python: pulls tasks from queues of flowmesh and does them. Only the standard library is needed.

    python3 worker.py http://127.0.0.1:7700 words

A task is the worker's own for as long as its lease lasts; a thread says every few seconds that the work goes on. A
worker that dies says nothing, and the task is given to another.
"""

import json
import sys
import threading
import time
import urllib.error
import urllib.request

LEASE = 30


class Failed(Exception):
    """An error that the operation declares: its name, and its fields."""

    def __init__(self, name, **fields):
        super().__init__(name)
        self.name, self.fields = name, fields


def count(task):
    """op count(text: string) -> Words fails Empty"""
    words = task["text"].split()
    if not words:
        raise Failed("Empty", text=task["text"])
    return {"count": len(words), "longest": max(words, key=len)}


HANDLERS = {"words": count}


def post(url, body=None, timeout=70):
    """What a POST is answered with, or None where there is nothing."""
    data = json.dumps(body or {}).encode()
    request = urllib.request.Request(url, data=data, headers={"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def beat(server, task, done):
    """Says that the work goes on, until it is done."""
    while not done.wait(LEASE / 3):
        post(f"{server}/v1/tasks/{task['task']}/heartbeat", {"lease": task["lease"], "for": f"{LEASE}s"})


def do(server, task, handler):
    """Does one task and says how it went."""
    done = threading.Event()
    threading.Thread(target=beat, args=(server, task, done), daemon=True).start()
    try:
        how, body = "complete", {"result": handler(task["input"])}
    except Failed as failed:
        how, body = "fail", {"error": failed.name, "fields": failed.fields}
    finally:
        done.set()
    post(f"{server}/v1/tasks/{task['task']}/{how}", {"lease": task["lease"], **body})


def work(server, queue):
    """Pulls and does tasks for ever."""
    while True:
        try:
            task = post(f"{server}/v1/queues/{queue}/lease?wait=30s&lease={LEASE}s")
            if task is not None:
                do(server, task, HANDLERS[queue])
        except urllib.error.HTTPError as error:
            # The task is not ours any more, or the answer did not fit: the server has said why.
            print(error.code, error.read().decode(), file=sys.stderr)
        except OSError as error:
            print(f"{server} does not answer: {error}", file=sys.stderr)
            time.sleep(1)


if __name__ == "__main__":
    work(sys.argv[1].rstrip("/"), sys.argv[2])
