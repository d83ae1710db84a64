"""The sides: how each is started, how its runs are, and what it holds in memory."""

import contextlib
import json
import os
import pwd
import shutil
import signal
import subprocess
import urllib.error
import urllib.request
from types import SimpleNamespace

from parts import processes
from parts.install import PEERS, TOP, Trouble

FLOW = TOP / "tests/benches/steps/ten.flow"


@contextlib.contextmanager
def flowmesh(installed, service, stores):
    port = processes.free_port()
    words = [
        installed.flowmesh.resolve(), "serve", FLOW, "--dir", stores / "flowmesh",
        "--listen", f"127.0.0.1:{port}", "--set", f"steps_url=http://{service}",
    ]
    with processes.started(words, stores / "flowmesh.log") as server:
        processes.answers(f"http://127.0.0.1:{port}/healthz", server)
        load = over_http(installed, port, "/v1/flows/ten/runs?wait=30s", "{}", "/result", [server], stores)
        yield SimpleNamespace(
            name="flowmesh", load=load, memory=lambda: processes.peak(server.child.pid),
            versions=says([installed.flowmesh.resolve(), "--version"]),
            over="HTTP, POST /v1/flows/ten/runs?wait=30s", processes="flowmesh serve",
        )


@contextlib.contextmanager
def restate(installed, service, stores):
    ingress, admin, node = (processes.free_port() for _ in range(3))
    settings = {
        "RESTATE_INGRESS__BIND_ADDRESS": f"127.0.0.1:{ingress}",
        "RESTATE_ADMIN__BIND_ADDRESS": f"127.0.0.1:{admin}",
        "RESTATE_BIND_ADDRESS": f"127.0.0.1:{node}",
        "RESTATE_LISTEN_MODE": "tcp",
        "RESTATE_DISABLE_TELEMETRY": "true",
        "RESTATE_LOG_FILTER": "warn",
    }
    words = [installed.restate, "--no-logo", "--node-name", "peer", "--base-dir", stores / "restate"]
    with contextlib.ExitStack() as stack:
        flow = stack.enter_context(
            processes.started([installed.ten_on_restate, f"http://{service}/steps"], stores / "ten.log", signal.SIGINT)
        )
        address = flow.line()
        # It logs to its standard output, which nobody reads: a full pipe would stop it.
        shell = ["sh", "-c", 'exec "$0" "$@" >&2', *words]
        server = stack.enter_context(processes.started(shell, stores / "restate.log", **settings))
        processes.answers(f"http://127.0.0.1:{admin}/health", server)
        register(admin, f"http://{address}", server)
        processes.answers(f"http://127.0.0.1:{ingress}/restate/health", server)
        load = over_http(installed, ingress, "/Ten/run", "1", "", [server, flow], stores)
        yield SimpleNamespace(
            name="restate", load=load,
            memory=lambda: sum(processes.peak(one.child.pid) for one in (server, flow)),
            versions=says([installed.restate, "--version"]) + f", restate-sdk {locked('restate-sdk')} (Rust)",
            over="HTTP, POST /Ten/run of its ingress", processes="restate-server, and the program with its SDK",
        )


@contextlib.contextmanager
def dbos(installed, service, stores):
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        with_user(user)
    data = stores / "postgres"
    data.mkdir()
    if user:
        shutil.chown(data, user, user)
    port = processes.free_port()
    made = subprocess.run(
        [installed.postgres / "initdb", "-D", data / "data", "-U", "peer", "-A", "trust", "-E", "UTF8", "--locale=C"],
        user=user, group=user, extra_groups=None if user is None else [], cwd=data, capture_output=True, text=True,
    )
    if made.returncode != 0:
        raise Trouble(f"initdb ended with {made.returncode}; the user `{user}` must reach {data}:\n{made.stderr}")
    words = [
        installed.postgres / "postgres", "-D", data / "data", "-p", port, "-c", "listen_addresses=127.0.0.1",
        "-c", "unix_socket_directories=",
    ]
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(processes.started(words, stores / "postgres.log", signal.SIGQUIT, user))
        ready(installed, port, server)
        url = f"postgresql://peer@127.0.0.1:{port}/ten"
        flow = stack.enter_context(
            processes.started([installed.python, PEERS / "dbos/ten.py", f"http://{service}/steps", url], stores / "dbos.log", signal.SIGINT)
        )
        flow.line()
        highest = stack.enter_context(processes.watched(server.child.pid))
        version = "import importlib.metadata as m; print('dbos', m.version('dbos'))"
        yield SimpleNamespace(
            name="dbos", load=lambda level, seconds: json.loads(flow.ask(f"{level} {seconds}", seconds + processes.WAIT)),
            memory=lambda: processes.peak(flow.child.pid) + highest[0],
            versions=says([installed.python, "-c", version]) + ", " + says([installed.postgres / "postgres", "--version"]),
            over="a call in its process, for it has no ingress", processes="the Python process, and PostgreSQL's",
        )


SIDES = {"flowmesh": flowmesh, "restate": restate, "dbos": dbos}
NAMES = ("restate", "dbos")


def over_http(installed, port, path, body, pointer, servers, stores):
    """A load on a side that is started over HTTP, by a process of its own."""

    def load(level, seconds):
        words = [installed.load, "run", f"127.0.0.1:{port}", path, body, pointer, level, seconds]
        with processes.started(words, stores / "load.log") as asking:
            try:
                return json.loads(asking.line(seconds + processes.WAIT))
            except Trouble as trouble:
                raise Trouble("\n".join([str(trouble), *(server.said() for server in servers)])) from trouble

    return load


def register(admin, uri, server):
    """Tells Restate where the program with the flow is."""
    body = json.dumps({"uri": uri}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{admin}/deployments", body, {"content-type": "application/json"})
    try:
        urllib.request.urlopen(request, timeout=processes.WAIT).read()
    except urllib.error.HTTPError as refused:
        raise Trouble(f"Restate refused the deployment: {refused.read().decode()}\n{server.said()}") from refused


def ready(installed, port, server):
    """Waits for PostgreSQL, whose start nobody can be told of otherwise."""
    words = [installed.postgres / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    for _ in range(int(processes.WAIT * 5)):
        if server.child.poll() is not None:
            break
        if subprocess.run(words, check=False).returncode == 0:
            return
        processes.time.sleep(0.2)
    raise Trouble(f"PostgreSQL does not answer:\n{server.said()}")


def with_user(user):
    try:
        pwd.getpwnam(user)
    except KeyError:
        raise Trouble("PostgreSQL does not run as root, and there is no user `postgres`: run this as somebody else") from None


def says(words):
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


def locked(name):
    """The version of a crate in the lock of the program on Restate."""
    lock = (PEERS / "restate/Cargo.lock").read_text()
    return lock.split(f'name = "{name}"\nversion = "', 1)[1].split('"', 1)[0]
