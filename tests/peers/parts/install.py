"""What the comparison needs: said, and installed into a directory of its own. Nothing is installed twice."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

PEERS = Path(__file__).resolve().parent.parent
TOP = PEERS.parent.parent

# The versions that are compared. Those of the Rust programs stand in their Cargo.lock.
RESTATE = "1.7.12"
DBOS = ("dbos==3.4.0", "psycopg[binary]==3.3.9", "SQLAlchemy==2.1.9")


class Trouble(Exception):
    """Something is missing or went wrong, in words for whoever called the command."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def step(text):
    """Says how far it is; on a terminal always in the same line, which no text clears."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
    elif text:
        say(text)


def everything(directory, peers, flowmesh):
    """The paths of all programs that are needed for these peers."""
    directory.mkdir(parents=True, exist_ok=True)
    found = SimpleNamespace(flowmesh=(flowmesh or ours()).resolve(), load=program("load", directory))
    if not os.access(found.flowmesh, os.X_OK):
        raise Trouble(f"there is no program {found.flowmesh}")
    if "restate" in peers:
        found.restate = restate(directory)
        found.ten_on_restate = program("restate", directory, "ten-on-restate")
    if "dbos" in peers:
        found.python = dbos(directory)
        found.postgres = postgres()
    return found


def command(*words, where=None, **environment):
    """Runs a command of an installation; what it prints is shown when it fails."""
    words = [str(word) for word in words]
    need(words[0])
    say("+ " + " ".join(words) + (f"  (in {where}; it takes minutes the first time)" if where else ""))
    child = subprocess.Popen(
        words, cwd=where, env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True,
    )
    try:
        said, _ = child.communicate()
    except BaseException:
        # Also what it started itself, as cargo does compilers.
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        raise
    if child.returncode != 0:
        raise Trouble(f"`{' '.join(words)}` ended with {child.returncode}:\n{said[-4000:]}")


def need(name):
    if shutil.which(name) is None:
        raise Trouble(f"`{name}` is needed and is not in PATH")


def ours():
    command("cargo", "build", "--release", "-p", "flowmesh", "--locked", where=TOP)
    target = Path(os.environ.get("CARGO_TARGET_DIR", TOP / "target"))
    return TOP / target / "release/flowmesh"


def program(folder, directory, name=None):
    """Builds one of the Rust programs beside this file."""
    build = directory / f"build-{folder}"
    command("cargo", "build", "--release", "--locked", where=PEERS / folder, CARGO_TARGET_DIR=str(build))
    return build / "release" / (name or folder)


def restate(directory):
    """Restate's server from the npm registry; its install scripts, which only report usage, are not run."""
    where = directory / f"restate-{RESTATE}"
    server = where / "node_modules/.bin/restate-server"
    if not server.exists():
        where.mkdir(parents=True, exist_ok=True)
        command(
            "npm", "install", "--prefix", where, "--no-save", "--no-audit", "--no-fund", "--ignore-scripts",
            f"@restatedev/restate-server@{RESTATE}",
        )
    # What npm links to is a script that starts the binary; the binary itself is what memory is read of.
    binaries = list(where.glob("node_modules/@restatedev/restate-server-*/bin/restate-server"))
    if len(binaries) != 1:
        raise Trouble(f"expected one binary of restate-server below {where}, found {len(binaries)}: is this platform supported?")
    return binaries[0]


def dbos(directory):
    """DBOS from the Python registry, in a virtual environment."""
    where = directory / "dbos"
    python, done = where / "bin/python", where / "installed"
    wanted = repr((base_python(), DBOS))
    if not done.exists() or done.read_text() != wanted:
        command(base_python(), "-m", "venv", "--clear", where)
        command(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *DBOS)
        done.write_text(wanted)
    return python


def base_python():
    """The system's Python if it will do, for distributions build theirs with all optimisations and others often do not."""
    system = "/usr/bin/python3"
    usable = [system, "-c", "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))"]
    with contextlib.suppress(OSError):
        if subprocess.run(usable, capture_output=True, check=False).returncode == 0:
            return system
    return sys.executable


def postgres():
    """The directory of PostgreSQL's programs: one that is there, else Debian's, which only root can install."""
    found = postgres_here()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        command("apt-get", "update")
        # Without this Debian would create a cluster and start it.
        command("apt-get", "install", "-y", "--no-install-recommends", "postgresql-common", DEBIAN_FRONTEND="noninteractive")
        settings = Path("/etc/postgresql-common/createcluster.conf")
        if settings.exists():
            settings.write_text(settings.read_text().replace("#create_main_cluster = true", "create_main_cluster = false"))
        command("apt-get", "install", "-y", "--no-install-recommends", "postgresql", DEBIAN_FRONTEND="noninteractive")
        found = postgres_here()
    if found is None:
        raise Trouble("DBOS needs PostgreSQL: `apt-get install postgresql` on Debian, or have `initdb` and `postgres` in PATH")
    return found


def postgres_here():
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    newest = sorted((bin for bin in versions if (bin / "initdb").exists()), key=lambda bin: float(bin.parent.name))
    if newest:
        return newest[-1]
    initdb = shutil.which("initdb")
    return Path(initdb).parent if initdb else None
