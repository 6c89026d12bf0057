"""The reaper: it adopts what a command leaves behind, and notes how the command ended."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.interrupts import ASKING, held_back
from conformance.processes import WORKER_MARK, end_processes, under_reaper
from conftest import parent_of, until


@pytest.fixture
def started(tmp_path: Path) -> Iterator[list[subprocess.Popen[str]]]:
    """Give a place for processes that end with the test."""
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        process.kill()
        process.communicate()


def start(tmp_path: Path, code: str, started: list[subprocess.Popen[str]]) -> subprocess.Popen[str]:
    """Run Python code under the reaper."""
    process = subprocess.Popen(
        [*under_reaper(tmp_path), sys.executable, "-c", f"import os, signal, sys\n{code}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    started.append(process)
    return process


def note(tmp_path: Path) -> int:
    """Return the one wait status that was noted."""
    (file,) = tmp_path.glob("*.exit")
    return os.waitstatus_to_exitcode(int(file.read_text()))


@pytest.mark.parametrize(
    ("code", "noted", "returned"),
    [
        ("sys.exit(0)", 0, 0),
        ("sys.exit(70)", 70, 70),
        ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL, 256 - signal.SIGKILL),
        ("os.abort()", -signal.SIGABRT, 256 - signal.SIGABRT),
    ],
    ids=["success", "failure", "killed", "aborted"],
)
def test_how_a_command_ended_is_noted(
    tmp_path: Path, started: list[subprocess.Popen[str]], code: str, noted: int, returned: int
) -> None:
    """The wait status stands in a file named for the process, and the exit code tells of it."""
    process = start(tmp_path, code, started)
    assert process.wait() == returned
    assert note(tmp_path) == noted


def test_the_streams_are_the_commands(tmp_path: Path, started: list[subprocess.Popen[str]]) -> None:
    """What comes in and goes out is the command's own; what it complains of is kept in a file."""
    out, err = start(tmp_path, "print(sys.stdin.read()); print('alas', file=sys.stderr)", started).communicate("hello")
    assert (out.strip(), err) == ("hello", "")
    (log,) = tmp_path.glob("*.log")
    assert log.read_text() == "alas\n"
    assert log.stat().st_mode & 0o077 == 0


#: A command that says who it is, and ends when its input does.
SAY_AND_WAIT = "import os, sys; print(os.getpid(), flush=True); sys.stdin.read()"
#: A command that starts a daemon, which says who it is, and ends when its input does.
ORPHAN = """
child = os.fork()
if child == 0:
    os.setsid()
    if os.fork() == 0:
        print(os.getpid(), flush=True)
        sys.stdin.read()
    os._exit(0)
os.waitpid(child, 0)
sys.stdin.read()
"""


def test_what_a_command_leaves_behind_is_reaped(tmp_path: Path, started: list[subprocess.Popen[str]]) -> None:
    """A daemon of the command's becomes the reaper's child, and is gone as soon as it has ended."""
    process = start(tmp_path, ORPHAN, started)
    assert process.stdout is not None
    orphan = int(process.stdout.readline())
    until(lambda: parent_of(orphan) == process.pid)
    os.kill(orphan, signal.SIGKILL)
    until(lambda: not Path(f"/proc/{orphan}").exists())
    process.communicate("")
    assert note(tmp_path) == 0


def test_the_command_dies_with_the_reaper(tmp_path: Path, started: list[subprocess.Popen[str]]) -> None:
    """When the reaper is killed, the command does not go on unseen."""
    process = start(tmp_path, SAY_AND_WAIT, started)
    assert process.stdout is not None
    descriptor = os.pidfd_open(int(process.stdout.readline()))
    process.kill()
    assert select.select([descriptor], [], [], 30)[0]
    os.close(descriptor)


@pytest.mark.parametrize("number", ASKING, ids=lambda number: number.name)
def test_what_asks_a_run_to_end_is_for_the_controlling_process(
    tmp_path: Path, started: list[subprocess.Popen[str]], number: signal.Signals
) -> None:
    """A Ctrl-C, or a supervisor that signals the whole group, ends neither the reaper nor the command."""
    code = "print(os.getsid(0) == os.getpid(), signal.getsignal({0}) in ({1}, signal.SIG_DFL), flush=True)"
    code = code.format(int(number), "signal.default_int_handler") + "; print(sys.stdin.read())"
    process = start(tmp_path, code, started)
    assert process.stdout is not None
    assert process.stdout.readline() == "True True\n"
    process.send_signal(number)
    assert process.communicate("goes on")[0] == "goes on\n"
    assert note(tmp_path) == 0


def test_what_was_held_back_at_the_start_is_let_through(tmp_path: Path, started: list[subprocess.Popen[str]]) -> None:
    """The command can be told to end, although nothing was to disturb its start."""
    with held_back():
        process = start(tmp_path, "print(signal.pthread_sigmask(signal.SIG_BLOCK, []))", started)
    assert process.communicate()[0] == "set()\n"


def test_all_end_with_the_controlling_process(tmp_path: Path, started: list[subprocess.Popen[str]]) -> None:
    """When the process that started a reaper is killed, the command does not go on either."""
    controlling = f"""
import subprocess, sys
from pathlib import Path
from conformance.processes import under_reaper
subprocess.run([*under_reaper(Path({str(tmp_path)!r})), sys.executable, "-c", "{SAY_AND_WAIT}"])
"""
    process = subprocess.Popen(
        [sys.executable, "-c", controlling], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    started.append(process)
    assert process.stdout is not None
    descriptor = os.pidfd_open(int(process.stdout.readline()))
    process.kill()
    assert select.select([descriptor], [], [], 30)[0]
    os.close(descriptor)


def test_a_command_knows_its_run(tmp_path: Path, started: list[subprocess.Popen[str]]) -> None:
    """The mark, by which a worker is kept from beginning a run and is found again, names the run's folder."""
    process = start(tmp_path, f"print(os.environ[{WORKER_MARK!r}])", started)
    assert process.communicate()[0].strip() == str(tmp_path)


def test_what_is_left_of_a_run_can_be_ended(tmp_path: Path, started: list[subprocess.Popen[str]]) -> None:
    """The reaper and the command of one run are ended, and those of another go on."""
    folders = [tmp_path / name for name in ("one", "other")]
    processes = []
    for folder in folders:
        folder.mkdir()
        processes.append(start(folder, SAY_AND_WAIT, started))
    commands = [os.pidfd_open(int(process.stdout.readline())) for process in processes if process.stdout is not None]
    assert end_processes([folders[0]]) == []
    assert processes[0].wait() == -signal.SIGKILL
    assert select.select(commands, [], [], 0)[0] == commands[:1]
    assert processes[1].communicate("")[0] == ""
    assert note(folders[1]) == 0
    for command in commands:
        os.close(command)


def test_nothing_of_the_environment_gets_in(tmp_path: Path) -> None:
    """A folder that is searched for Python code does not change what the reaper is."""
    (tmp_path / "sitecustomize.py").write_text("raise SystemExit('hostile')")
    (tmp_path / "ctypes.py").write_text("raise SystemExit('hostile')")
    finished = subprocess.run(
        [*under_reaper(tmp_path), "/bin/true"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        check=False,
    )
    assert finished.returncode == 0
