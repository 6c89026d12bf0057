"""A restart of the driver: by a new process, or by the operator's command, and what it may change."""

from __future__ import annotations

import ast
import multiprocessing
import os
import shlex
import time
from collections.abc import Iterator
from pathlib import Path

import libvirt
import pytest

from conformance.driver.apart import Apart
from conformance.driver.handle import Handle
from conformance.driver.restart import Daemon, Embedded
from conformance.driver.session import Session
from conformance.driver.setbacks import ConnectionLost, NotReached
from conformance.errors import RestartFailed, UsageError
from conformance.forkserver import ForkServer
from conformance.journal import Entry, Failure, Journal
from conformance.judgement import Look
from conformance.ledger import Ledger
from conformance.machine import Machine
from conformance.reproducer import script
from conformance.restarting import parse_command, what_a_restart_keeps
from conformance.suite.turns import Turns
from conformance.view import View
from conftest import Bench, gone
from conftest import script as command

URI = "test:///default"
DAEMON = "qemu+unix:///system"
UUID = "0b8f3a0e-7d0c-4c8e-9a2f-5f1c1d6f2a32"
XML = Machine("test", "hvm", "i686").definition("lvc-restart", UUID, "run1")


@pytest.fixture
def forks(tmp_path: Path) -> Iterator[ForkServer]:
    """Give a fork server, as a run has one."""
    server = ForkServer(tmp_path)
    server.prepare("conformance.driver.apart_process")
    yield server
    server.stop()


@pytest.fixture
def apart(tmp_path: Path, forks: ForkServer) -> Iterator[Apart]:
    """Give a process for a driver."""
    del forks
    process = Apart(tmp_path)
    yield process
    process.end()


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """Give a session whose driver lives in a process of its own."""
    made = Session(URI, "t", Ledger.open(URI, "0", folder=tmp_path), restarter=Embedded())
    yield made
    made.close()


# A driver in a process of its own


def process_of(apart: Apart) -> int:
    """Return the process at the other end of its input."""
    pipe = Path(f"/proc/self/fd/{apart._process.stdin.fileno()}").readlink()
    (found,) = (
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and int(entry.name) != os.getpid() and reads_from(entry, pipe)
    )
    return found


def reads_from(process: Path, pipe: Path) -> bool:
    """Tell whether a pipe is a process's standard input."""
    try:
        return (process / "fd/0").readlink() == pipe
    except OSError:
        return False


def test_a_stand_in_passes_for_what_it_stands_for(apart: Apart) -> None:
    """Connections, domains and lists of them come over, as objects that the kit takes for libvirt's own."""
    connection = apart.open(URI, read_only=False)
    domain = connection.defineXML(XML)
    assert isinstance(connection, libvirt.virConnect)
    assert isinstance(domain, libvirt.virDomain)
    assert (domain.UUIDString(), domain.name(), domain.isActive()) == (UUID, "lvc-restart", 0)
    assert {each.name() for each in connection.listAllDomains(0)} == {"test", "lvc-restart"}
    assert domain.connect() == connection
    assert domain != connection
    assert not hasattr(domain, "noSuchCall")
    assert Handle(connection, "conn", Journal()).call("lookupByUUIDString", UUID).value.symbol == "dom"


def test_an_error_comes_over_whole(apart: Apart) -> None:
    """A call that fails in the other process fails here with the same code and message."""
    connection = Handle(apart.open(URI, read_only=False), "conn", Journal())
    failure = connection.call("lookupByName", "nobody").failure
    assert failure is not None
    assert failure.name == "NO_DOMAIN"
    assert failure.message == "Domain not found"


def test_a_read_only_connection_is_one(apart: Apart) -> None:
    """What was opened to look cannot change anything."""
    connection = Handle(apart.open(URI, read_only=True), "readonly", Journal())
    assert connection.call("defineXML", XML).code == "OPERATION_DENIED"


def test_a_process_that_was_ended_answers_as_a_closed_connection(apart: Apart) -> None:
    """What was held of an ended driver fails with an error of libvirt's, and is known by its name still."""
    connection = apart.open(URI, read_only=False)
    domain = Handle(connection.lookupByName("test"), "dom", Journal())
    apart.end()
    assert domain.call("isActive").code == "INVALID_CONN"
    assert domain.name() == "test"


def test_a_process_that_dies_takes_the_connection_along(apart: Apart) -> None:
    """A driver that crashes in its process is a lost connection, and no answer."""
    connection = apart.open(URI, read_only=False)
    os.kill(process_of(apart), 9)
    with pytest.raises(ConnectionLost, match="the process of the driver has ended"):
        connection.listAllDomains(0)


def test_the_process_does_not_outlive_the_one_that_needs_it(tmp_path: Path, forks: ForkServer) -> None:
    """However the process that asked for it ends, the driver's ends too."""
    del forks
    ours, theirs = multiprocessing.Pipe()

    def begin() -> None:
        started = Apart(tmp_path)
        started.open(URI, read_only=False)
        theirs.send(process_of(started))
        os.kill(os.getpid(), 9)

    child = multiprocessing.get_context("fork").Process(target=begin)
    child.start()
    pid = ours.recv()
    child.join()
    gone(pid)


# A session over a restart


def test_a_restart_leaves_only_what_the_driver_keeps(session: Session) -> None:
    """The test driver keeps nothing: what was defined is gone, and the old handle is of no use."""
    defined = session.define(session.new_identity())
    other = session.connect_extra()
    session.restart()
    uuid = defined.value.uuid()
    assert session.connection.call("lookupByUUIDString", uuid).code == "NO_DOMAIN"
    assert defined.value.call("isActive").code == "INVALID_CONN"
    assert other.call("listAllDomains", 0).code == "INVALID_CONN"
    assert session.connect_extra().call("listAllDomains", 0).ok
    assert [e.method for e in session.journal.entries if e.receiver == "driver"] == ["restart"]


def test_a_guest_is_waited_for_until_the_driver_controls_it(session: Session) -> None:
    """Nothing is waited for where there is no guest, or where the driver is at nothing."""
    start = time.monotonic()
    session.await_control(UUID)
    session.await_control(session.connection.look("lookupByName", "test").value.uuid())
    assert time.monotonic() - start < session.deadline / 2


def test_without_a_way_to_restart_nothing_is_restarted(tmp_path: Path) -> None:
    """A session that was given no way says so, and its connection lives on."""
    session = Session(URI, "t", Ledger.open(URI, "0", folder=tmp_path))
    with pytest.raises(NotReached, match="cannot be restarted"):
        session.restart()
    session.close()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["false"], "false: it ended with exit code 1;"),
        (["sh", "-c", "echo one; echo down >&2; exit 3"], r"it ended with exit code 3 \(down\)"),
        (["sleep", "60"], "sleep 60: the command did not end within 0.2 s"),
        (["/etc/passwd"], "it cannot be run"),
        (["true"], "the driver was not restarted"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_command_that_does_not_restart_is_told_apart(words: list[str], why: str) -> None:
    """Each way to fail is one sentence; a command that does nothing is found out by the connection that lives."""
    connection = Handle(libvirt.open(URI), "conn", Journal())
    with pytest.raises(RestartFailed, match=why):
        Daemon(words).stop(connection, 0.2)
    connection.call("close")


def test_the_command_has_the_operators_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A daemon that the command starts must not log into the run's folder, nor take itself for a part of the run."""
    monkeypatch.setenv("LIBVIRT_CONFORMANCE_WORKER", "1")
    monkeypatch.setenv("LIBVIRT_LOG_OUTPUTS", "3:file:/run/of/the/kit")
    monkeypatch.setenv("OPERATOR", "somebody")
    out = tmp_path / "environment"
    Daemon(["sh", "-c", f"env > {shlex.quote(str(out))}"]).stop(None, 10.0)
    text = out.read_text()
    assert "OPERATOR=somebody" in text
    assert "LIBVIRT_" not in text


# The command


def test_a_command_is_words_and_never_a_shell() -> None:
    """Quotes are read as a shell reads them, and nothing else of it."""
    assert parse_command("sh -c 'kill $PID; true'", DAEMON) == ("sh", "-c", "kill $PID; true")


@pytest.mark.parametrize(
    ("text", "uri", "why"),
    [
        ("", DAEMON, "the command is empty"),
        ("   ", DAEMON, "the command is empty"),
        ("'open", DAEMON, "cannot be read"),
        ("no-such-command now", DAEMON, "no command 'no-such-command'"),
        ("true", URI, "lives in the kit's own process"),
        ("true", "qemu:///embed?root=/x", "lives in the kit's own process"),
    ],
)
def test_a_command_that_cannot_be_one_is_refused(text: str, uri: str, why: str) -> None:
    """It is the caller's to mend, before anything is asked of a driver."""
    with pytest.raises(UsageError, match=why):
        parse_command(text, uri)


# What a restart may change

GONE = Failure(42, "NO_DOMAIN", 10, "Domain not found")
BEFORE = {"state": ("5", "5"), "active": 0, "persistent": 1, "live definition": "a", "inactive definition": "a"}


@pytest.mark.parametrize(
    ("answers", "dropped"),
    [
        ({}, set()),
        ({"active": 1}, {"live definition"}),
        ({"active": 1, "persistent": 0}, {"live definition", "inactive definition"}),
        ({"active": GONE}, set()),
    ],
    ids=["inactive", "active", "remainder", "gone"],
)
def test_a_restart_may_change_the_wording_of_what_runs(answers: dict[str, int], dropped: set[str]) -> None:
    """Of an inactive domain only the reason of its state is left out; everything else is compared."""
    kept = what_a_restart_keeps(View({**BEFORE, **answers})).answers
    assert set(BEFORE) - set(kept) == dropped
    assert kept["state"] == ("5",)


# Turns


def test_who_is_alone_is_alone(tmp_path: Path) -> None:
    """Others are side by side, wait for who is alone, and learn of the restart afterwards."""
    one, two, three = (Turns(tmp_path) for _ in range(3))

    def beside() -> None:
        with three.take(alone=False) as restarted:
            (tmp_path / "third").write_text(str(restarted))

    with one.take(alone=False) as first, two.take(alone=False) as second:
        assert (first, second) == (False, False)
    with one.take(alone=True) as first:
        assert first is False
        waiting = multiprocessing.get_context("fork").Process(target=beside)
        waiting.start()
        waiting.join(0.3)
        assert waiting.is_alive()
        assert not (tmp_path / "third").exists()
    waiting.join()
    assert (tmp_path / "third").read_text() == "True"
    with two.take(alone=False) as second:
        assert second is True
    with two.take(alone=False) as second:
        assert second is False


# The script

ENTRIES = (
    Entry("conn", "defineXML", (XML,), "dom", None, "Given a domain that is inactive"),
    Entry("dom", "undefine", (), "", None, "When the client calls undefine"),
    Entry("driver", "restart", (), "", None, "And the driver is restarted"),
)
LOOK = Look("look-up by UUID", f"conn.lookupByUUIDString({UUID!r}).UUIDString()")


def text_of(configuration: str = "", restart: tuple[str, ...] = (), more: tuple[Entry, ...] = ()) -> str:
    """Return the script of a scenario that restarts the driver."""
    told = {"statement": "A sentence.", "rule": "UNDEF-032", "expected": "a", "observed": "b"}
    uri = URI if configuration else DAEMON
    looks = [LOOK, Look("active", "dom.isActive()")]
    return script((*ENTRIES, *more), uri=uri, looks=looks, configuration=configuration, restart=restart, **told)


def test_the_script_of_a_daemon_runs_the_operators_command() -> None:
    """The restart stands between the calls, as the operator gave it, and the questions come after it."""
    text = text_of(restart=("systemctl", "restart", "libvirtd"))
    ast.parse(text)
    order = ["dom.undefine()", "conn = restart()", 'show("look-up by UUID"']
    assert [text.index(line) for line in order] == sorted(text.index(line) for line in order)
    assert "subprocess.run(['systemctl', 'restart', 'libvirtd'], check=True)" in text


def test_the_script_of_an_embedded_driver_has_a_process_for_each_life(bench: Bench) -> None:
    """Each life is a process, and what the last one has no handle for is not asked there."""
    (bench.folder / "restart.py").write_text(text_of(configuration="\n"))
    finished = bench.run([command("python"), "restart.py"])
    assert (finished.code, "Traceback" in finished.err) == (0, False)
    assert [line.partition(" ->")[0] for line in finished.out.splitlines()] == [
        "undefine()",
        "look-up by UUID",
        "clean up",
    ]


def test_the_script_asks_a_handle_that_was_looked_up_again() -> None:
    """A domain that is still there is asked through its new handle."""
    again = Entry("conn", "lookupByUUIDString", (UUID,), "dom", None, "And the client looks the domain up again")
    last = text_of(configuration="\n", more=(again,)).partition("def life_2")[2]
    assert last.index(f"dom = conn.lookupByUUIDString({UUID!r})") < last.index('show("active", lambda: dom.isActive())')
