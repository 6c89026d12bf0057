"""What the tests share: the installed command in a clean environment, and the report of one whole run."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import libvirt
import pytest
from hypothesis import settings

from conformance.catalog import Catalog, parse_capabilities, parse_page
from conformance.data import folder
from conformance.driver.events import run_event_loop
from conformance.journal import BlackBox
from conformance.roots import is_mounted

#: How long a process may take before the test gives it up; nothing is measured by it.
PATIENCE = 120
NOBODY = 65534
#: For what takes namespaces of its own.
on_a_mount = pytest.mark.skipif(
    not is_mounted("/"), reason="/ is no mount here, as in a plain chroot, and namespaces cannot be taken off it"
)

# A machine that is busy with runs of the kit is slow now and then, which says nothing about the code.
settings.register_profile("kit", deadline=None)
settings.load_profile("kit")


@dataclass(frozen=True)
class Finished:
    """How a process ended and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Everything that was written."""
        return self.out + self.err


@dataclass(frozen=True)
class Bench:
    """A folder to work in, and an environment in which nothing of the caller's is left."""

    folder: Path
    environment: Mapping[str, str]

    @property
    def ledgers(self) -> Path:
        """The folder of the ledgers."""
        return Path(self.environment["XDG_STATE_HOME"]) / "libvirt-conformance"

    @property
    def temporary(self) -> Path:
        """The folder for temporary files."""
        return Path(self.environment["TMPDIR"])

    def start(self, command: Sequence[str], **more: str) -> subprocess.Popen[str]:
        """Start a process in the folder; further arguments go into its environment."""
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env={**self.environment, **more},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, command: Sequence[str], **more: str) -> Finished:
        """Run a process to its end."""
        return finish(self.start(command, **more))

    def kit(self, *arguments: str, **more: str) -> Finished:
        """Run the installed command to its end."""
        return self.run([script("libvirt-conformance"), *arguments], **more)

    def pytest(self, *arguments: str, **more: str) -> Finished:
        """Run pytest to its end."""
        return self.run([script("pytest"), *arguments], **more)

    def start_kit(self, *arguments: str, **more: str) -> subprocess.Popen[str]:
        """Start the installed command."""
        return self.start([script("libvirt-conformance"), *arguments], **more)

    def report(self, name: str = "report.json") -> Any:
        """Read a file that the command wrote in the folder."""
        return json.loads((self.folder / name).read_text(encoding="utf-8"))

    def processes(self) -> list[int]:
        """Return the processes that were started here, by whomever, and have not ended."""
        mark = f"TMPDIR={self.temporary}".encode()
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
        return found

    def traces(self) -> list[Path]:
        """Return what is left on disk of runs that were made here: temporary files and ledgers."""
        return [*self.temporary.iterdir(), *self.ledgers.glob("*")]


def box_of(process: subprocess.Popen[str], bench: Bench, scenario: str, call: str) -> int:
    """Wait until a worker of a run is at a call of a scenario; return the worker's process number."""
    found: list[int] = []

    def is_there() -> bool:
        assert process.poll() is None, process.communicate()
        for box in bench.temporary.glob("lvc-run-*/*.box"):
            text = BlackBox.read(box).split("\n")
            if text[:2] == [scenario, call]:
                found.append(int(text[2]))
        return bool(found)

    until(is_there)
    return found[0]


def kill(pid: int) -> None:
    """Kill a process and wait until it has ended; one that is gone already is no error."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    gone(pid)


def gone(pid: int) -> None:
    """Wait until a process has ended."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    assert select.select([descriptor], [], [], PATIENCE)[0], f"process {pid} goes on"
    os.close(descriptor)


def parent_of(pid: int) -> int:
    """Return a process's parent."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def until(condition: Callable[[], object]) -> None:
    """Wait for something that sends no event; the test fails when it does not come."""
    given_up = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < given_up, "what was waited for did not come"
        select.select([], [], [], 0.01)


def script(name: str) -> str:
    """Return the path of a command that is installed beside this Python."""
    return str(Path(sys.executable).with_name(name))


def finish(process: subprocess.Popen[str]) -> Finished:
    """Wait for a process; one that does not end is killed, and fails the test."""
    try:
        out, err = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    return Finished(process.returncode, out, err)


def make_bench(base: Path, temporary: Path) -> Bench:
    """Return a bench whose files lie below ``base``, its temporary ones in ``temporary``."""
    work = base / "work"
    for path in (work, base / "home", temporary):
        path.mkdir(parents=True, exist_ok=True)
    strange = ("PYTEST_", "LIBVIRT_", "XDG_", "COV_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(strange)}
    return Bench(
        work,
        {
            **kept,
            "HOME": str(base / "home"),
            "XDG_STATE_HOME": str(base / "state"),
            "TMPDIR": str(temporary),
            "PYTHONIOENCODING": "utf-8",
        },
    )


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Give a folder to work in."""
    return make_bench(tmp_path, tmp_path / "tmp")


@pytest.fixture
def short_bench(tmp_path: Path) -> Iterator[Bench]:
    """Give a bench with a short path for temporary files, as an embedded driver's sockets need it."""
    temporary = Path(tempfile.mkdtemp(prefix="lvt", dir="/tmp"))
    temporary.chmod(0o755)
    yield make_bench(tmp_path, temporary)
    shutil.rmtree(temporary)


@pytest.fixture
def lab_state(short_bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Give the environment of a lab whose subjects nobody else has up."""
    folder = short_bench.temporary / "lab"
    monkeypatch.setenv("LIBVIRT_CONFORMANCE_LAB_STATE", str(folder))
    environment = {"LIBVIRT_CONFORMANCE_LAB_STATE": str(folder)}
    yield environment
    short_bench.kit("lab", "down", **environment)


@dataclass
class Daemon:
    """A libvirtd, its process, and a connection of somebody else's to its test driver."""

    uri: str
    pid: int
    other: libvirt.virConnect

    def names(self) -> set[str]:
        """Return the names of all domains."""
        return {domain.name() for domain in self.other.listAllDomains()}


@pytest.fixture
def daemon(short_bench: Bench) -> Iterator[Daemon]:
    """Give a session daemon, run by nobody when the tests are run by root, which would get the host's own."""
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    if shutil.which("libvirtd", path=path) is None:
        pytest.skip("needs libvirtd")
    folder = short_bench.temporary.with_name(short_bench.temporary.name + "d")
    folder.mkdir(mode=0o755)
    user = {"user": NOBODY, "group": NOBODY, "extra_groups": ()} if os.geteuid() == 0 else {}
    if user:
        os.chown(folder, NOBODY, NOBODY)
    environment = {"PATH": path, "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    command = ["libvirtd", "--daemon", "--timeout", "600", "--pid-file", str(folder / "pid")]
    subprocess.run(command, env=environment, cwd="/", check=True, capture_output=True, **user)  # type: ignore[call-overload]
    pid = int((folder / "pid").read_text())
    uri = f"test+unix:///default?socket={folder}/libvirt/libvirt-sock"
    run_event_loop()
    other = libvirt.open(uri)
    try:
        yield Daemon(uri, pid, other)
    finally:
        with contextlib.suppress(libvirt.libvirtError):
            other.close()
        kill(pid)
        shutil.rmtree(folder)


@dataclass(frozen=True)
class Judged:
    """A run of the command on test:///default that came to its end."""

    bench: Bench
    finished: Finished
    report: Any
    junit: str


@pytest.fixture(scope="session")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """Give one whole run on test:///default, made once for all tests that read a report."""
    base = tmp_path_factory.mktemp("judged")
    bench = make_bench(base, base / "tmp")
    finished = bench.kit("run", "--report", "report.json", "--junit", "junit.xml")
    return Judged(bench, finished, bench.report(), (bench.folder / "junit.xml").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """Give a small specification of two rules and two capabilities."""
    capabilities = parse_capabilities(CAPABILITIES, "spec/capabilities.toml")
    rules, withdrawn = parse_page(PAGE, "spec/undefine.md", capabilities)
    return Catalog({rule.id: rule for rule in rules}, withdrawn, capabilities, "Domains", "1.0.0", "sha256:" + 64 * "0")


@pytest.fixture
def real_spec(tmp_path: Path) -> Path:
    """Give a copy of the specification's folder, to be broken."""
    return Path(shutil.copytree(folder("spec"), tmp_path / "spec"))


CAPABILITIES = """\
[define]
title = "holds a definition"
probe = "defineXML"

[start]
title = "starts a domain"
probe = "create"
"""

PAGE = """\
# Undefine

### UNDEF-001: An inactive domain is removed

> After `undefine` no lookup finds the domain.

- **Level:** MUST
- **Since:** 0.1.1
- **Requires:** `define`
- **Source:** [virDomainUndefine](https://libvirt.org/)
- **Reason:** A definition that survives in one view is a *ghost*.

### UNDEF-002: An active domain goes on

> Undefining an active domain leaves the guest alone,
> and makes the domain transient.

- **Level:** SHOULD
- **Since:** 0.9.4
- **Requires:** `define` `start`
- **Source:** the discussion of 2011
- **Reason:** The guest is somebody's.

### UNDEF-003: Something that was wrong

- **Withdrawn:** libvirt never promised it
"""
