"""What the sides have in common: a load over HTTP, and how their versions are asked for."""

import json
import subprocess

from parts import processes
from parts.install import Trouble


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


def says(words):
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
