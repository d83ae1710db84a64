"""The side of DBOS: PostgreSQL with a cluster of its own, and as many processes that run the flow as there are processors."""

import contextlib
import json
import os
import pwd
import shutil
import signal
import subprocess
import time
from statistics import median
from types import SimpleNamespace

from parts import common, processes
from parts.install import PEERS, Trouble

# Durability is as it comes, each commit on the disk. There are more connections, and no checkpoint within a measurement.
SETTINGS = {"max_connections": "300", "shared_buffers": "512MB", "max_wal_size": "4GB", "checkpoint_timeout": "30min"}


@contextlib.contextmanager
def side(installed, service, stores):
    with contextlib.ExitStack() as stack:
        server, port = stack.enter_context(postgres(installed, stores))
        url = f"postgresql://peer@127.0.0.1:{port}/ten"
        flows = []
        for number in range(len(os.sched_getaffinity(0))):
            words = [installed.python, PEERS / "dbos/ten.py", f"http://{service}/steps", url, f"executor-{number}"]
            flows.append(stack.enter_context(processes.started(words, stores / "dbos.log", signal.SIGTERM)))
            # The first makes the tables that all use.
            flows[-1].line()
        highest = stack.enter_context(processes.watched(server.child.pid))
        version = "import importlib.metadata as m, platform; print('dbos', m.version('dbos') + ', Python', platform.python_version())"
        yield SimpleNamespace(
            name="dbos",
            load=lambda level, seconds: load(flows, level, seconds),
            memory=lambda: {
                f"{len(flows)} Python processes": sum(processes.peak(flow.child.pid) for flow in flows),
                "PostgreSQL": highest[0],
            },
            apart=dict,
            versions=common.says([installed.python, "-c", version]) + ", " + common.says([installed.postgres / "postgres", "--version"]),
            over="a call in its process, for it has no ingress",
        )


def load(flows, level, seconds):
    """So many runs at once, shared out among the processes."""
    shares = [level // len(flows) + (number < level % len(flows)) for number in range(len(flows))]
    asked = [(flow, share) for flow, share in zip(flows, shares) if share]
    for flow, share in asked:
        flow.tell(f"{share} {seconds}")
    found = [json.loads(flow.line(seconds + processes.WAIT)) for flow, _ in asked]
    times = [one for answer in found for one in answer["times"]]
    if not times:
        raise Trouble(f"DBOS ended no run within {seconds:g} s")
    return {"runs": len(times), "seconds": max(answer["seconds"] for answer in found), "p50": median(times)}


@contextlib.contextmanager
def postgres(installed, stores):
    """PostgreSQL with a cluster of its own and its port; it does not run as root, who takes the user `postgres` for it."""
    user = "postgres" if os.geteuid() == 0 else None
    data = stores / "postgres"
    data.mkdir()
    if user:
        with_user(user)
        shutil.chown(data, user, user)
    made = subprocess.run(
        [installed.postgres / "initdb", "-D", data / "data", "-U", "peer", "-A", "trust", "-E", "UTF8", "--locale=C"],
        user=user, group=user, extra_groups=None if user is None else [], cwd=data, capture_output=True, text=True,
    )
    if made.returncode != 0:
        raise Trouble(f"initdb ended with {made.returncode}; its user must reach {data}:\n{made.stderr}")
    port = processes.free_port()
    words = [installed.postgres / "postgres", "-D", data / "data", "-p", port]
    for name, value in {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", **SETTINGS}.items():
        words += ["-c", f"{name}={value}"]
    with processes.started(words, stores / "postgres.log", signal.SIGQUIT, user) as server:
        ready(installed, port, server)
        yield server, port


def with_user(user):
    try:
        pwd.getpwnam(user)
    except KeyError:
        raise Trouble(f"PostgreSQL does not run as root, and there is no user `{user}`: run this as somebody else") from None


def ready(installed, port, server):
    """Waits for PostgreSQL, whose start nobody can be told of otherwise."""
    words = [installed.postgres / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    for _ in range(int(processes.WAIT * 5)):
        if server.child.poll() is not None:
            break
        if subprocess.run(words, check=False).returncode == 0:
            return
        time.sleep(0.2)
    raise Trouble(f"PostgreSQL does not answer:\n{server.said()}")
