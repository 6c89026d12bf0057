"""The fork server: processes that begin with all that was imported, and end with whoever asked for them."""

from __future__ import annotations

import ast
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance import forkserver
from conformance.attendant import Attendant
from conformance.errors import ProbeDied
from conformance.forkserver import Forked, ForkServer, fork
from conformance.interrupts import ASKING, held_back
from conformance.processes import end_processes, environment
from conftest import gone, parent_of, until

#: A module whose process does what it is told, and says so.
MODULE = """
import os, signal, sys
imported_by = os.getpid()
def daemon():
    ours, theirs = os.pipe()
    if (child := os.fork()) == 0:
        if (grandchild := os.fork()) == 0:
            signal.pause()
        os.write(theirs, str(grandchild).encode())
        os._exit(0)
    os.waitpid(child, 0)
    return os.read(ours, 16).decode()
def main():
    for line in sys.stdin:
        print(eval(line), flush=True)
"""


@pytest.fixture(autouse=True)
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let servers find the module."""
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules/obeys.py").write_text(MODULE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "modules"), prepend=os.pathsep)


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """Give the folder of a run, with a name that is too long for a socket's address."""
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    return folder


@pytest.fixture
def forks(run_folder: Path) -> Iterator[ForkServer]:
    """Give a fork server."""
    server = ForkServer(run_folder)
    yield server
    server.stop()


def tell(process: Forked, code: str) -> str:
    """Let a process carry out an expression, and return what it says."""
    process.stdin.write(f"{code}\n".encode())
    process.stdin.flush()
    return process.stdout.readline().decode().strip()


def pid_of(process: Forked) -> int:
    """Return the number of a process."""
    return int(tell(process, "os.getpid()"))


def note(folder: Path, pid: int) -> int:
    """Return the exit code that was noted of a process, as soon as it is."""
    file = folder / f"{pid}.exit"
    until(lambda: file.is_file() and file.read_text() != "")
    return os.waitstatus_to_exitcode(int(file.read_text()))


def server_of(process: Forked) -> int:
    """Return the server that a process was forked from."""
    return int(tell(process, "os.getppid()"))


def test_what_is_imported_is_imported_once(forks: ForkServer, run_folder: Path) -> None:
    """Processes find a module as the server has it, each for itself; to import begins none."""
    forks.prepare("obeys")
    processes = [forks.fork("obeys") for _ in range(2)]
    importers = {tell(process, "sys.modules['obeys'].imported_by") for process in processes}
    assert importers == {str(server_of(processes[0]))}
    assert len({pid_of(process) for process in processes}) == 2
    assert tell(processes[0], "setattr(sys, 'mine', 1) or sys.mine") == "1"
    assert tell(processes[1], "hasattr(sys, 'mine')") == "False"
    forks.prepare("json")
    processes.append(forks.fork("obeys"))
    assert len({server_of(process) for process in processes}) == 1
    assert list(run_folder.glob("*.exit")) == []
    for process in processes:
        process.end(30)


@pytest.mark.parametrize(
    ("code", "noted"),
    [
        ("os._exit(70)", 70),
        ("sys.exit(3)", 3),
        ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("os.abort()", -signal.SIGABRT),
        ("os.kill(os.getpid(), signal.SIGTERM)", -signal.SIGTERM),
    ],
    ids=["at once", "in order", "killed", "aborted", "asked to"],
)
def test_how_a_process_ended_is_noted(forks: ForkServer, run_folder: Path, code: str, noted: int) -> None:
    """The wait status stands in a file named for the process, and its output ends."""
    process = forks.fork("obeys")
    pid, server = pid_of(process), server_of(process)
    assert tell(process, code) == ""
    assert note(run_folder, pid) == noted
    process.end(30)
    another = forks.fork("obeys")
    assert server_of(another) == server
    another.end(30)


def test_a_process_ends_when_its_input_does(forks: ForkServer, run_folder: Path) -> None:
    """That is the ordinary way, and its exit code is 0; to end it once more does nothing."""
    process = forks.fork("obeys")
    pid = pid_of(process)
    process.end(30)
    process.end(30)
    assert note(run_folder, pid) == 0


def test_a_process_that_does_not_end_is_killed(forks: ForkServer, run_folder: Path) -> None:
    """Whoever ends it knows afterwards that it is gone."""
    process = forks.fork("obeys")
    pid = pid_of(process)
    process.stdin.write(b"signal.pause()\n")
    process.stdin.flush()
    process.end(0.1)
    assert not Path(f"/proc/{pid}").exists()
    assert note(run_folder, pid) == -signal.SIGKILL


def test_an_end_that_cannot_be_had_is_not_waited_for(forks: ForkServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever holds a process, or the server, holds up nobody else."""
    monkeypatch.setattr(forkserver, "_KILL_SECONDS", 0.1)
    process = forks.fork("obeys")
    server = server_of(process)
    os.kill(server, signal.SIGSTOP)
    process.stdin.write(b"signal.pause()\n")
    process.stdin.flush()
    process.end(0.1)
    forks.stop()


def test_a_caller_that_hears_of_no_ends_changes_nothing(run_folder: Path) -> None:
    """A supervisor that blocks the signal hands that on to what it starts."""
    server = ForkServer(run_folder)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
    try:
        process = server.fork("obeys")
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    pid = pid_of(process)
    process.end(30)
    assert note(run_folder, pid) == 0
    server.stop()


def test_a_caller_may_have_closed_its_streams(run_folder: Path, tmp_path: Path) -> None:
    """Then the server's socket, or the file that it complains into, has a number that a stream should have."""
    said = tmp_path / "said"
    code = f"""
import os
from pathlib import Path
for stream in (0, 1, 2):
    os.close(stream)
from conformance.forkserver import ForkServer
server = ForkServer(Path({str(run_folder)!r}))
process = server.fork("obeys")
process.stdin.write(b"[os.readlink(f'/proc/self/fd/{{n}}') for n in (0, 1, 2)]\\n")
process.stdin.flush()
Path({str(said)!r}).write_bytes(process.stdout.readline())
process.end(30)
server.stop()
"""
    subprocess.run([sys.executable, "-c", code], check=False)
    kinds = [kind.partition(":")[0].rpartition(".")[2] for kind in ast.literal_eval(said.read_text())]
    assert kinds == ["pipe", "pipe", "log"]


def test_what_a_process_complains_of_is_kept(forks: ForkServer, run_folder: Path) -> None:
    """In a file that is its own, and nobody else's to read."""
    process = forks.fork("obeys")
    pid = pid_of(process)
    assert tell(process, "print('alas', file=sys.stderr)") == "None"
    log = run_folder / f"{pid}.log"
    assert log.read_text() == "alas\n"
    assert log.stat().st_mode & 0o077 == 0
    process.end(30)


def test_a_process_holds_nothing_of_the_servers(forks: ForkServer) -> None:
    """Neither the socket, by which others are asked for, nor what leads to other processes."""
    first, second = forks.fork("obeys"), forks.fork("obeys")
    pid_of(first)
    # One more is the folder that is being read.
    assert tell(second, "os.listdir('/proc/self/fd')[:-1]") == "['0', '1', '2']"
    for process in (first, second):
        process.end(30)


def test_what_a_process_leaves_behind_is_reaped(forks: ForkServer, run_folder: Path) -> None:
    """A daemon of its becomes the server's child, and is gone as soon as it has ended; nothing is noted of it."""
    process = forks.fork("obeys")
    pid, server = pid_of(process), server_of(process)
    orphan = int(tell(process, "daemon()"))
    until(lambda: parent_of(orphan) == server)
    os.kill(orphan, signal.SIGKILL)
    until(lambda: not Path(f"/proc/{orphan}").exists())
    assert pid_of(process) == pid
    process.end(30)
    assert [file.name for file in run_folder.glob("*.exit")] == [f"{pid}.exit"]


def test_what_was_held_back_at_the_start_is_let_through(run_folder: Path) -> None:
    """A process can be told to end, although nothing was to disturb the server's start."""
    server = ForkServer(run_folder)
    with held_back():
        process = server.fork("obeys")
    assert tell(process, "signal.pthread_sigmask(signal.SIG_BLOCK, [])") == "set()"
    process.end(30)
    server.stop()


def test_a_process_knows_its_run_and_is_found_by_it(forks: ForkServer, run_folder: Path) -> None:
    """By the mark it is kept from beginning a run, and ended with what is left of one."""
    process = forks.fork("obeys")
    for name, value in environment(run_folder).items():
        assert tell(process, f"os.environ[{name!r}]") == value
    pid, server = pid_of(process), server_of(process)
    assert end_processes([run_folder]) == []
    for each in (pid, server):
        gone(each)
    process.end(30)


def test_nothing_is_tried_where_temporary_files_are(forks: ForkServer, run_folder: Path) -> None:
    """Whoever is ended while Python tries the folder leaves a file there; the caller has tried it."""
    process = forks.fork("obeys")
    assert tell(process, "__import__('tempfile').tempdir") == str(run_folder.parent)
    process.end(30)


def test_what_asks_a_run_to_end_is_for_the_controlling_process(forks: ForkServer) -> None:
    """The server goes on; what it forks is in a session of its own, and can be told to end by its number."""
    process = forks.fork("obeys")
    assert tell(process, "os.getsid(0) == os.getpid()") == "True"
    server = server_of(process)
    for number in ASKING:
        os.kill(server, number)
    again = forks.fork("obeys")
    assert server_of(again) == server
    assert tell(again, "signal.getsignal(signal.SIGTERM) == signal.SIG_DFL") == "True"
    for each in (process, again):
        each.end(30)


def test_a_process_ends_with_whoever_asked_for_it(forks: ForkServer, run_folder: Path) -> None:
    """However that ends: a worker of a driver that is restarted, by its watchdog or by a crash."""
    forks.prepare("obeys")
    code = f"""
import os, sys
from pathlib import Path
from conformance.forkserver import fork
process = fork(Path({str(run_folder)!r}), "obeys")
process.stdin.write(b"os.getpid()\\n")
process.stdin.flush()
print(process.stdout.readline().decode(), flush=True)
os.kill(os.getpid(), 9)
"""
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert asked.returncode == -signal.SIGKILL
    gone(int(asked.stdout))


def test_all_end_with_the_controlling_process(run_folder: Path) -> None:
    """When the process that began the server is killed, neither the server goes on nor what it forked."""
    code = f"""
import os
from pathlib import Path
from conformance.forkserver import ForkServer
process = ForkServer(Path({str(run_folder)!r})).fork("obeys")
process.stdin.write(b"os.getpid(), os.getppid()\\n")
process.stdin.flush()
print(process.stdout.readline().decode(), flush=True)
os.kill(os.getpid(), 9)
"""
    killed = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=False)
    for pid in ast.literal_eval(killed.stdout):
        gone(pid)


def test_all_end_with_the_server(forks: ForkServer) -> None:
    """When the server is lost, so is what it forked, and no end of it is waited for."""
    process = forks.fork("obeys")
    pid = pid_of(process)
    os.kill(server_of(process), signal.SIGKILL)
    gone(pid)
    process.end(30)


def test_a_server_that_was_lost_is_followed_by_another(forks: ForkServer) -> None:
    """Whoever needs a process to clean up gets one."""
    process = forks.fork("obeys")
    lost = server_of(process)
    os.kill(lost, signal.SIGKILL)
    gone(lost)
    another = forks.fork("obeys")
    assert server_of(another) != lost
    for each in (process, another):
        each.end(30)


def test_where_there_is_no_server_nothing_is_begun(run_folder: Path) -> None:
    """It is said at once, and nothing is left open."""
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(FileNotFoundError):
        fork(run_folder, "obeys")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_module_that_cannot_be_imported_ends_the_process(forks: ForkServer, run_folder: Path) -> None:
    """What is wrong stands in the log, where the last words of a run's processes are looked for; others are made."""
    sound = forks.fork("obeys")
    forks.prepare("no_such_module")
    process = forks.fork("no_such_module")
    assert process.stdout.read() == b""
    process.end(30)
    another = forks.fork("obeys")
    assert server_of(another) == server_of(sound)
    for each in (sound, another):
        each.end(30)
    assert any("No module named 'no_such_module'" in log.read_text() for log in run_folder.glob("*.log"))


def test_a_folder_that_is_gone_is_no_place_for_a_server(forks: ForkServer, run_folder: Path) -> None:
    """Nobody is there to clean up, which is said as of a process that was lost; to prepare is advice alone."""
    shutil.rmtree(run_folder)
    forks.prepare("obeys")
    with pytest.raises(ProbeDied, match="could not be begun"):
        Attendant("test:///default", run_folder, forks)


def test_what_has_changed_around_the_server_is_known(forks: ForkServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it forks has the environment of when it was begun."""
    monkeypatch.setenv("GONE", "1")
    monkeypatch.setenv("OTHER", "1")
    forks.prepare("obeys")
    assert forks.changes() == {}
    monkeypatch.delenv("GONE")
    monkeypatch.setenv("OTHER", "2")
    monkeypatch.setenv("NEW", "3")
    assert forks.changes() == {"GONE": None, "OTHER": "2", "NEW": "3"}


# The command that stands for a process


@pytest.fixture
def standing(forks: ForkServer) -> Iterator[subprocess.Popen[str]]:
    """Give a process that was begun as a command."""
    forks.prepare("obeys")
    command = [*forks.command("obeys"), "-u", "-c", "whatever execnet adds"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def order(standing: subprocess.Popen[str], code: str) -> str:
    """Let the process carry out an expression, and return what it says."""
    assert standing.stdin is not None
    assert standing.stdout is not None
    standing.stdin.write(f"{code}\n")
    standing.stdin.flush()
    return standing.stdout.readline().strip()


@pytest.mark.parametrize(
    ("code", "returned"),
    [("os._exit(0)", 0), ("os._exit(70)", 70), ("os.kill(os.getpid(), 9)", 256 - 9)],
    ids=["success", "failure", "killed"],
)
def test_a_command_ends_as_the_process_does(standing: subprocess.Popen[str], code: str, returned: int) -> None:
    """Its input and output are the process's, and so is its exit code."""
    assert order(standing, "6 * 7") == "42"
    assert order(standing, code) == ""
    assert standing.wait() == returned


def test_who_kills_the_command_kills_the_process(standing: subprocess.Popen[str]) -> None:
    """As that is all that whoever began it can do."""
    pid = int(order(standing, "os.getpid()"))
    standing.kill()
    gone(pid)


def test_a_command_without_a_server_ends_at_once(run_folder: Path) -> None:
    """Nothing is left to stand for, and nobody wants to read where in the code that is."""
    command = ForkServer(run_folder).command("obeys")
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, b"", b"")


@pytest.mark.parametrize("number", ASKING, ids=lambda number: number.name)
def test_a_request_to_end_is_not_for_the_command(standing: subprocess.Popen[str], number: signal.Signals) -> None:
    """A Ctrl-C ends neither it nor the process."""
    assert order(standing, "1") == "1"
    standing.send_signal(number)
    assert not select.select([os.pidfd_open(standing.pid)], [], [], 0.2)[0]
    assert order(standing, "2") == "2"
