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
from conformance.lab import services
from conformance.lab.capsule import Capsule
from conformance.lab.rising import uri_from_here
from conformance.lab.subjects import Subject
from conformance.report import dump, write_text


class Client(StrEnum):
    """Whose libvirt library the kit calls."""

    RELEASE = "release"
    HERE = "here"


@dataclass(frozen=True)
class Request:
    """What is asked of each subject.

    :param options: of ``run``, as they would be typed there.
    """

    client: Client = Client.RELEASE
    options: tuple[str, ...] = ()

    def command(self, name: str) -> str:
        """Return the command by which somebody else can do the same."""
        client = ("--client", self.client.value) if self.client is not Client.RELEASE else ()
        return shlex.join(["libvirt-conformance", "lab", "run", name, *client, *self.options])


def judge(subject: Subject, capsule: Capsule, request: Request, report: Path | None, output: int | None) -> int:
    """Run the kit on a subject that is up; return its exit code.

    :param report: where the report is to stand, with the lab's own command as the one that makes it again.
    :param output: the descriptor of a file that the kit's words go to; this process's own output without one.
    :raises NoWayIn: when this machine's client cannot reach the driver.
    """
    written = capsule.folder / "out" / "report.json"
    written.unlink(missing_ok=True)
    command = _command(subject, capsule, request, written)
    code = _run(command, output)
    if report is not None and written.exists():
        # A run that was ended early has a report too, which is as incomplete here.
        with contextlib.suppress(ValueError):
            made: dict[str, Any] = json.loads(written.read_text(encoding="utf-8"))
            made["reproduce"] = request.command(subject.name)
            write_text(report, dump(made))
    return code


def _command(subject: Subject, capsule: Capsule, request: Request, written: Path) -> list[str]:
    driver = subject.driver
    if request.client is Client.RELEASE:
        restart = services.restart_command(driver)
        words = ["/usr/bin/python3", "-P", "-m", "conformance.cli", "run", "--uri", driver.uri]
        words += [*(("--restart", shlex.join(restart)) if restart else ()), *request.options]
        words += ["--report", f"{services.OUT}/{written.name}"]
        shown = {name: os.environ[name] for name in ("TERM", "COLUMNS", "NO_COLOR") if name in os.environ}
        return capsule.command(words, user=driver.user, more=shown)
    uri = uri_from_here(subject, capsule)
    if not uri:
        raise NoWayIn(f"{subject.name} is {driver.title}, so its client has to be the release's own")
    restart = capsule.command(services.restart_command(driver), user=driver.user)
    return [
        *(sys.executable, "-P", "-m", "conformance.cli", "run", "--uri", uri),
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
                os.kill(pid, signal.SIGINT)
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
