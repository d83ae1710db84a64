"""The side of Restate: its server, with settings as they come but for ports and logging, and a program with its Rust SDK."""

import contextlib
import json
import signal
import urllib.error
import urllib.request
from types import SimpleNamespace

from parts import common, processes
from parts.install import PEERS, Trouble


@contextlib.contextmanager
def side(installed, service, stores):
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
        yield SimpleNamespace(
            name="restate",
            load=common.over_http(installed, ingress, "/Ten/run", "1", "", [server, flow], stores),
            memory=lambda: {"restate-server": processes.peak(server.child.pid)},
            apart=lambda: {"the program with its SDK": processes.peak(flow.child.pid)},
            versions=common.says([installed.restate, "--version"]) + f", restate-sdk {locked('restate-sdk')} (Rust)",
            over="HTTP, POST /Ten/run of its ingress",
        )


def register(admin, uri, server):
    """Tells Restate where the program with the flow is."""
    body = json.dumps({"uri": uri}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{admin}/deployments", body, {"content-type": "application/json"})
    try:
        urllib.request.urlopen(request, timeout=processes.WAIT).read()
    except urllib.error.HTTPError as refused:
        raise Trouble(f"Restate refused the deployment: {refused.read().decode()}\n{server.said()}") from refused
    except OSError as broken:
        raise Trouble(f"Restate took no deployment: {broken}\n{server.said()}") from broken


def locked(name):
    """The version of a crate in the lock of the program on Restate."""
    lock = (PEERS / "restate/Cargo.lock").read_text()
    return lock.split(f'name = "{name}"\nversion = "', 1)[1].split('"', 1)[0]
