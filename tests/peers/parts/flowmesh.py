"""The side of flowmesh: `flowmesh serve` with the store that it brings, and settings as they come."""

import contextlib
from types import SimpleNamespace

from parts import common, processes
from parts.install import TOP

FLOW = TOP / "tests/benches/steps/ten.flow"


@contextlib.contextmanager
def side(installed, service, stores):
    port = processes.free_port()
    words = [
        installed.flowmesh, "serve", FLOW, "--dir", stores / "flowmesh",
        "--listen", f"127.0.0.1:{port}", "--set", f"steps_url=http://{service}",
    ]
    with processes.started(words, stores / "flowmesh.log") as server:
        processes.answers(f"http://127.0.0.1:{port}/healthz", server)
        yield SimpleNamespace(
            name="flowmesh",
            load=common.over_http(installed, port, "/v1/flows/ten/runs?wait=30s", "{}", "/result", [server], stores),
            memory=lambda: {"flowmesh serve": processes.peak(server.child.pid)},
            apart=dict,
            versions=common.says([installed.flowmesh, "--version"]),
            over="HTTP, POST /v1/flows/ten/runs?wait=30s",
        )
