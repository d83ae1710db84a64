"""The ten-step flow on DBOS, and its load: DBOS has no ingress, so runs are started in its process.

`ten.py STEPS_URL DATABASE_URL EXECUTOR` says `ready`, then reads lines `LEVEL SECONDS` and answers each with a line of JSON.

Flow and steps are plain functions, each run in a thread of its own: DBOS does its work in SQLAlchemy, which blocks, so
that coroutines would be handed to threads and back for it, which measured more processor time a step.
"""

import http.client
import json
import socket
import sys
import threading
import time
from urllib.parse import urlsplit

from dbos import DBOS

steps_url, database_url, executor = sys.argv[1:]
steps = urlsplit(steps_url)
kept = threading.local()

CONFIG = {
    "name": "ten",
    "executor_id": executor,
    "application_version": "1",
    "system_database_url": database_url,
    # DBOS's own default is 20 connections, each tried with a query before every use: the database is on this machine, and stays.
    "sys_db_pool_size": 32,
    "db_engine_kwargs": {"pool_pre_ping": False},
    "log_level": "WARNING",
}


def service():
    """This thread's connection to the service, which is kept open between the steps."""
    if not hasattr(kept, "connection"):
        kept.connection = http.client.HTTPConnection(steps.hostname, steps.port, timeout=30)
        kept.connection.connect()
        kept.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return kept.connection


@DBOS.step()
def take(number):
    connection = service()
    connection.request("PUT", steps.path, json.dumps({"number": number}), {"content-type": "application/json"})
    reply = connection.getresponse()
    body = reply.read()
    if reply.status != 200:
        raise ValueError(f"the service answered {reply.status}")
    return json.loads(body)["number"]


@DBOS.workflow()
def ten(number):
    for _ in range(10):
        number = take(number)
    return number


def run_until(end, times, wrong):
    try:
        while time.perf_counter() < end:
            began = time.perf_counter()
            result = ten(1)
            if result != 1:
                raise ValueError(f"expected 1, found {result!r}")
            times.append(time.perf_counter() - began)
    except Exception as error:
        wrong.append(error)


def load(level, seconds):
    times, wrong = [], []
    began = time.perf_counter()
    runs = [threading.Thread(target=run_until, args=(began + seconds, times, wrong)) for _ in range(level)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    if wrong:
        raise wrong[0]
    return {"seconds": time.perf_counter() - began, "times": times}


def main():
    DBOS(config=CONFIG)
    DBOS.launch()
    try:
        print("ready", flush=True)
        for line in sys.stdin:
            level, seconds = line.split()
            print(json.dumps(load(int(level), float(seconds))), flush=True)
    finally:
        DBOS.destroy()


main()
