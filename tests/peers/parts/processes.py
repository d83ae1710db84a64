"""Processes that are gone when the command ends, however it ends, and what they hold in memory."""

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from parts.install import Trouble

WAIT = 60.0
LIBC = ctypes.CDLL(None)


class Process:
    """A process, the lines that it prints, and the file with what it says on its standard error."""

    def __init__(self, child, log):
        self.child, self.log = child, log

    def line(self, wait=WAIT):
        """The next line that it prints; trouble if there is none in time."""
        timer = threading.Timer(wait, self.child.kill)
        timer.start()
        try:
            line = self.child.stdout.readline()
        finally:
            timer.cancel()
        if not line:
            raise Trouble(f"`{Path(self.child.args[0]).name}` ended without an answer:\n{self.said()}")
        return line.strip()

    def tell(self, line):
        try:
            self.child.stdin.write(line + "\n")
            self.child.stdin.flush()
        except OSError as broken:
            raise Trouble(f"`{Path(self.child.args[0]).name}` has ended:\n{self.said()}") from broken

    def said(self):
        return self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""


def die_with_parent():
    LIBC.prctl(1, signal.SIGKILL)


@contextlib.contextmanager
def started(words, log, stop=signal.SIGTERM, user=None, **environment):
    """Starts a process in a group of its own, and ends the whole group at the end."""
    with open(log, "ab") as errors:
        child = subprocess.Popen(
            [str(word) for word in words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True,
            start_new_session=True, env={**os.environ, **environment}, cwd=Path(log).parent, user=user, group=user,
            extra_groups=None if user is None else [], preexec_fn=die_with_parent,
        )
    try:
        yield Process(child, Path(log))
    finally:
        end(child, stop)


def end(child, stop):
    child.send_signal(stop)
    try:
        child.wait(10)
    except subprocess.TimeoutExpired:
        pass
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    child.stdin.close()
    child.stdout.close()


@contextlib.contextmanager
def stores(directory):
    """A directory for all stores, on the disk of the installation and not in memory; removed at the end.

    One that was left behind goes too: only SIGKILL does that, which nobody can catch.
    """
    for left in directory.glob("stores-*-*"):
        owner = left.name.split("-")[1]
        if owner.isdigit() and not Path("/proc", owner).exists():
            shutil.rmtree(left, ignore_errors=True)
    path = Path(tempfile.mkdtemp(prefix=f"stores-{os.getpid()}-", dir=directory))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def answers(url, process, wait=WAIT):
    """Waits until a server answers there with 2xx."""
    end = time.monotonic() + wait
    while time.monotonic() < end and process.child.poll() is None:
        with contextlib.suppress(OSError):
            return urllib.request.urlopen(url, timeout=5).read()
        time.sleep(0.1)
    raise Trouble(f"{url} does not answer; the server said:\n{process.said()}")


def peak(pid):
    """The bytes that a process held resident at the most."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise Trouble(f"/proc/{pid}/status has no VmHWM")


def shares(parent):
    """The bytes that a process and its children hold now; a page that several share counts once."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        # Processes come and go; one that is gone holds nothing.
        with contextlib.suppress(OSError, ValueError):
            fields = stat.read_text().rsplit(")", 1)[1].split()
            if parent in (int(stat.parent.name), int(fields[1])):
                rollup = (stat.parent / "smaps_rollup").read_text()
                total += sum(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:"))
    return total


@contextlib.contextmanager
def watched(parent):
    """Reads twice a second what a process and its children hold; the highest is in the list."""
    highest, over = [0], threading.Event()

    def watch():
        while not over.wait(0.5):
            highest[0] = max(highest[0], shares(parent))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield highest
    finally:
        over.set()
        watcher.join()
