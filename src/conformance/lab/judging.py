"""The kit on subjects of the lab: by the release's own client inside its root, or by this machine's from outside."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from conformance.errors import NoWayIn
from conformance.lab import python, services
from conformance.lab.capsule import Capsule
from conformance.lab.rising import uri_from_here
from conformance.lab.services import PLAIN, Setup
from conformance.lab.subjects import ROOT, Subject
from conformance.lab.transports import UNIX
from conformance.report import dump, slim, write_text


class Client(StrEnum):
    """Whose libvirt library the kit calls."""

    RELEASE = "release"
    HERE = "here"


@dataclass(frozen=True)
class Request:
    """What is asked of each subject.

    :param options: of ``run``, as they would be typed there.
    :param slim: whether reports are to be as small as those that are published.
    """

    client: Client = Client.RELEASE
    setup: Setup = PLAIN
    options: tuple[str, ...] = ()
    slim: bool = False

    def command(self, name: str) -> str:
        """Return the command by which somebody else can do the same."""
        client = ("--client", self.client.value) if self.client is not Client.RELEASE else ()
        way = ("--transport", self.setup.transport.name) if self.setup.transport is not UNIX else ()
        access = ("--access",) if self.setup.access else ()
        return shlex.join(["libvirt-conformance", "lab", "run", name, *client, *way, *access, *self.options])


def check(subject: Subject, request: Request) -> None:
    """Refuse a way that a subject does not have.

    :raises NoWayIn: when the driver lives in its client, or its daemon is a user's and has no other way.
    """
    if request.client is Client.HERE and not subject.driver.outside:
        raise NoWayIn(f"{subject.name} is {subject.driver.title}, so its client has to be the release's own")
    if request.setup.access and (not subject.driver.denied or request.client is Client.HERE):
        raise NoWayIn(f"to {subject.name}, a client without rights is not known from there")
    if request.setup.transport is UNIX:
        return
    if not subject.driver.services or subject.driver.user != ROOT:
        raise NoWayIn(f"{subject.name} is {subject.driver.title}, to which no transport leads")
    if request.client is Client.HERE:
        raise NoWayIn(f"the network of {subject.name} is its own, so this machine's client has its socket only")


def judge(subject: Subject, capsule: Capsule, request: Request, report: Path | None, output: int | None) -> int:
    """Run the kit on a subject that is up; return its exit code.

    :param report: where the report is to stand, with the lab's own command as the one that makes it again.
    :param output: the descriptor of a file that the kit's words go to; this process's own output without one.
    """
    written = capsule.folder / "out" / "report.json"
    written.unlink(missing_ok=True)
    command = _command(subject, capsule, request, written)
    try:
        return _run(command, output)
    finally:
        # A run that was ended early has a report too, which is as incomplete here.
        if report is not None and written.exists():
            _keep(written, report, request, subject)


def _keep(written: Path, report: Path, request: Request, subject: Subject) -> None:
    """Put a report where it was asked for, with the lab's own command as the one that makes it again."""
    with contextlib.suppress(ValueError):
        made: dict[str, Any] = json.loads(written.read_text(encoding="utf-8"))
        made["reproduce"] = request.command(subject.name)
        write_text(report, dump(slim(made) if request.slim else made))


def _command(subject: Subject, capsule: Capsule, request: Request, written: Path) -> list[str]:
    driver = subject.driver
    if request.client is Client.RELEASE:
        restart = services.restart_command(driver)
        words = [python.command(subject.suite), "-P", "-m", "conformance.cli", "run"]
        words += ["--uri", request.setup.transport.uri(driver.uri)]
        words += [*(("--restart", shlex.join(restart)) if restart else ()), *request.options]
        words += ["--denied-uri", driver.denied] if request.setup.access else []
        words += ["--report", f"{services.OUT}/{written.name}"]
        shown = {name: os.environ[name] for name in ("TERM", "COLUMNS", "NO_COLOR") if name in os.environ}
        return capsule.command(words, user=driver.user, more=shown)
    restart = capsule.command(services.restart_command(driver), user=driver.user)
    return [
        *(sys.executable, "-P", "-m", "conformance.cli", "run", "--uri", uri_from_here(subject, capsule)),
        *("--restart", shlex.join(restart), *request.options, "--report", str(written)),
    ]


def _run(command: Sequence[str], output: int | None) -> int:
    """Run the kit to its end; a request to end this process is the kit's to heed, and is told to it."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)  # noqa: S603 - the kit
    try:
        return process.wait()
    except KeyboardInterrupt:
        for pid in _below(process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        process.wait()
        raise


def _below(pid: int) -> list[int]:
    """Return a process and its children: that which enters a capsule hands no signal on."""
    found = [pid]
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                    found.append(int(entry.name))
    return found
