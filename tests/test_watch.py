"""Watching vices: whatever one is about to do is stopped and noticed, and nothing else is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import libvirt
import pytest

from conformance.driver.session import Session
from conformance.ledger import Ledger
from conformance.mutants.call import Call, Memory, refuse
from conformance.mutants.lies import lie
from conformance.mutants.vice import Body
from conformance.mutants.watch import Watch

#: A file that no vice may write to.
VICTIM = "victim"


def hands_on(call: Call, _memory: Memory) -> Any:
    """Do nothing."""
    return call.go_on()


def asks(call: Call, memory: Memory) -> Any:
    """Ask whatever a vice may ask, and remember it."""
    if call.on_domain:
        memory[call.uuid] = (call.active, call.transient, call.image, call.metadata, call.name, call.fact("XMLDesc", 2))
        memory["found"] = call.look_up(call.uuid)
        memory["listed"] = call.connection.listAllDomains(0)
    return call.go_on()


def lies_about_nobody(call: Call, _memory: Memory) -> Any:
    """Take part in every question, and answer with the truth."""
    return lie(call, (), {"isActive": 7}, {0: False, 4: True})


def raises_what_it_got(call: Call, memory: Memory) -> Any:
    """Remember an error and let it go on."""
    try:
        return call.go_on()
    except libvirt.libvirtError as error:
        memory["error"] = error.get_error_code()
        raise


def changes_the_flags(call: Call, _memory: Memory) -> Any:
    """Make the call with other arguments."""
    return call.proceed("undefineFlags", 1) if call.method == "undefineFlags" else call.go_on()


def makes_another_call(call: Call, _memory: Memory) -> Any:
    """Make another call in place of this one."""
    return call.proceed("undefine") if call.method == "undefineFlags" else call.go_on()


def calls_twice(call: Call, _memory: Memory) -> Any:
    """Make the call and make it again."""
    call.go_on()
    return call.go_on()


def answers_by_itself(call: Call, _memory: Memory) -> Any:
    """Report a success of nothing."""
    return 0 if call.method == "undefineFlags" else call.go_on()


def answers_otherwise(call: Call, _memory: Memory) -> Any:
    """Make the call and tell something else."""
    result = call.go_on()
    return 7 if call.method == "isActive" else result


def leaves_one_out(call: Call, _memory: Memory) -> Any:
    """Make the call and leave a domain out of a list."""
    result = call.go_on()
    return result[1:] if call.method == "listAllDomains" else result


def refuses_before(call: Call, _memory: Memory) -> Any:
    """Fail before the call."""
    return refuse("OPERATION_INVALID", "no") if call.method == "undefineFlags" else call.go_on()


def refuses_afterwards(call: Call, _memory: Memory) -> Any:
    """Fail after the call."""
    result = call.go_on()
    return refuse("OPERATION_INVALID", "no") if call.method == "undefineFlags" else result


def swallows_an_error(call: Call, _memory: Memory) -> Any:
    """Turn an error into success."""
    try:
        return call.go_on()
    except libvirt.libvirtError:
        return 0


def exchanges_an_error(call: Call, _memory: Memory) -> Any:
    """Turn an error into another."""
    try:
        return call.go_on()
    except libvirt.libvirtError:
        return refuse("NO_DOMAIN", "none")


def acts_before(call: Call, _memory: Memory) -> Any:
    """Act on the domain before the call, whatever error that meets."""
    if call.on_domain:
        with suppress(libvirt.libvirtError):
            call.raw.setAutostart(1)
    return call.go_on()


def acts_afterwards(call: Call, _memory: Memory) -> Any:
    """Act on the connection after the call."""
    result = call.go_on()
    if call.method == "isActive":
        call.connection.defineXML("<domain/>")
    return result


def writes_a_file(call: Call, _memory: Memory) -> Any:
    """Write over a file."""
    Path(VICTIM).write_text("spoilt")
    return call.go_on()


def opens_a_file_to_change_it(call: Call, _memory: Memory) -> Any:
    """Open a file for writing by its number."""
    os.close(os.open(VICTIM, os.O_RDWR))
    return call.go_on()


def removes_a_file(call: Call, _memory: Memory) -> Any:
    """Remove a file."""
    Path(VICTIM).unlink()
    return call.go_on()


def changes_the_answer_itself(call: Call, _memory: Memory) -> Any:
    """Change the object that the driver has answered with."""
    result = call.go_on()
    if call.method == "lookupByUUIDString":
        result.ID = lambda: 99999
    return result


def keeps_a_callback(call: Call, memory: Memory) -> Any:
    """Tell of an event that never was."""
    if call.method == "domainEventRegisterAny":
        memory["callback"] = call.args[2]
    result = call.go_on()
    if "callback" in memory:
        memory["callback"](None, None, 1, 0, None)
    return result


QUIET = (hands_on, asks, lies_about_nobody, raises_what_it_got)
ACTING = (
    changes_the_flags, makes_another_call, calls_twice, answers_by_itself, answers_otherwise, leaves_one_out,
    refuses_before, refuses_afterwards, swallows_an_error, exchanges_an_error, acts_before, acts_afterwards,
    writes_a_file, opens_a_file_to_change_it, removes_a_file, changes_the_answer_itself, keeps_a_callback,
)  # fmt: skip


@pytest.fixture
def meet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., tuple[list[Any], set[str]]]]:
    """Give a function that lets bodies watch some calls on a domain, and returns what was answered and who acted."""
    monkeypatch.chdir(tmp_path)
    Path(VICTIM).write_text("whole")
    ledger = Ledger.open("test:///default", "run1", folder=tmp_path)
    session = Session("test:///default", "w0", ledger)
    # The driver's state lasts as long as a connection to it.
    keeper = session.connection

    def run(*bodies: Body) -> tuple[list[Any], set[str]]:
        watch = Watch({body.__name__: body for body in bodies})
        session.pass_through(watch.intercept)
        with watch.armed():
            owned = session.new_identity()
            domain = session.define(owned).value
            answers = [
                session.recording.registered.ok,
                session.connection.look("lookupByUUIDString", owned.uuid).value.raw.ID(),
                domain.look("isActive"),
                sorted(each.name() for each in session.connection.look("listAllDomains", 0).value),
                domain.call("undefineFlags", 0),
                domain.look("isActive").failure,
                [str(event) for event in session.recording.of(owned.uuid) if event.kind == 7],
            ]
        session.pass_through(None)
        return [str(answer).replace(owned.name, "NAME").replace(owned.uuid, "UUID") for answer in answers], watch.acting

    yield run
    assert keeper.raw.isAlive()
    session.close()


@pytest.mark.parametrize("body", QUIET, ids=lambda body: str(body.__name__))
def test_who_hands_on_every_call_does_not_act(body: Body, meet: Callable[..., tuple[list[Any], set[str]]]) -> None:
    """Asking, remembering and handing on is no act."""
    assert meet(body) == (meet()[0], set())


@pytest.mark.parametrize("body", ACTING, ids=lambda body: str(body.__name__))
def test_whoever_does_anything_else_acts(body: Body, meet: Callable[..., tuple[list[Any], set[str]]]) -> None:
    """It is noticed, and the driver answers as without it."""
    assert meet(body) == (meet()[0], {body.__name__})
    assert Path(VICTIM).read_text() == "whole"


def test_many_watch_at_once(meet: Callable[..., tuple[list[Any], set[str]]]) -> None:
    """Each acts or not whoever stands before and behind it, and none of them sees another's doing."""
    mixed = [body for pair in zip(ACTING, QUIET * 5, strict=False) for body in pair]
    assert meet(*mixed) == (meet()[0], {body.__name__ for body in ACTING})


def test_a_watch_that_has_ended_stops_nobody(meet: Callable[..., tuple[list[Any], set[str]]], tmp_path: Path) -> None:
    """libvirt's classes and Python's own library are afterwards what they were before."""
    before = dict(vars(libvirt.virDomain))
    meet(removes_a_file)
    assert dict(vars(libvirt.virDomain)) == before
    Path(VICTIM).unlink()
