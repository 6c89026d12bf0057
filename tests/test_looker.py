"""Looking again and again: the same answers as the long way, no entries, and a trace of the question under way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import libvirt
import pytest

from conformance.driver.build import Subject, build
from conformance.driver.knowledge import Knowledge
from conformance.driver.looker import Looker
from conformance.driver.observe import observe
from conformance.driver.session import Session
from conformance.journal import BlackBox, Failure
from conformance.ledger import Ledger
from conformance.situations import SITUATIONS
from conformance.view import View

#: What libvirt's test driver can show, and a question that it answers with an error.
CAPABILITIES = frozenset({"persistence-query", "autostart", "managed-save", "managed-save-xml", "snapshot-metadata"})
KNOWLEDGE = Knowledge(CAPABILITIES, ())


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """Give a session with the test driver."""
    made = Session("test:///default", "t", Ledger.open("test:///default", "00000000", folder=tmp_path))
    yield made
    made.close()


@pytest.fixture(params=["inactive", "running", "inactive with a managed save image and a snapshot"])
def subject(session: Session, request: pytest.FixtureRequest) -> Iterator[Subject]:
    """Give a domain in a situation."""
    made = build(session, SITUATIONS[request.param], KNOWLEDGE)
    yield made
    if made.situation.active:
        made.handle.raw.destroy()
    made.handle.raw.undefineFlags(3)


def looker(session: Session, subject: Subject) -> Looker:
    """Return what looks at a domain."""
    return Looker(session.connection, subject.handle, CAPABILITIES, session.host)


def test_the_answers_are_those_of_the_long_way(session: Session, subject: Subject) -> None:
    """Every question of the list, with the same answers, errors included."""
    seen = looker(session, subject).look()
    assert dict(seen.answers) == dict(subject.view.answers)
    assert isinstance(seen["definition in the image"], Failure)


def test_an_older_call_stands_in_for_one_that_a_driver_lacks(session: Session, monkeypatch: Any) -> None:
    """Names of snapshots come from the list of names where there is no list of snapshots, both ways of asking."""
    made = build(session, SITUATIONS["inactive with a snapshot"], KNOWLEDGE)

    def lacking(_domain: Any, _flags: int) -> Any:
        return lacking_call(session)

    monkeypatch.setattr(libvirt.virDomain, "listAllSnapshots", lacking)
    seen = looker(session, made).look()["snapshot names"]
    asked = observe(session.connection, made.handle, CAPABILITIES, session.host)["snapshot names"]
    monkeypatch.undo()
    made.handle.raw.undefineFlags(3)
    assert seen == asked == ("kept",)


def lacking_call(session: Session) -> Any:
    """Make a call that the test driver does not have, which fails with NO_SUPPORT."""
    return session.connection.raw.domainXMLFromNative("", "", 0)


def test_what_has_changed_is_seen(session: Session, subject: Subject) -> None:
    """Nothing is remembered from one look to the next."""
    look = looker(session, subject).look
    before = look()
    subject.handle.raw.setAutostart(1)
    after = look()
    assert (before["autostart"], after["autostart"]) == (0, 1)
    assert (before["listed as set to autostart"], after["listed as set to autostart"]) == (False, True)


@pytest.fixture
def lists(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Give a list that grows by the flags of each list that the driver is asked for."""
    asked: list[int] = []
    ask = libvirt.virConnect.listAllDomains

    def note(connection: Any, flags: int = 0) -> Any:
        asked.append(flags)
        return ask(connection, flags)

    monkeypatch.setattr(libvirt.virConnect, "listAllDomains", note)
    return asked


#: By situation, the flags of one list that says what all of them say: of each group the one flag that showed the
#: domain, or those that are left when the ones that did not are taken away.
AS_ONE = {
    "inactive": 2 | 4 | 64 | 128 | 512 | 2048 | 8192,
    "running": 1 | 4 | 16 | 512 | 2048 | 8192,
    "inactive with a managed save image and a snapshot": 2 | 4 | 64 | 128 | 256 | 2048 | 4096,
}


def test_all_lists_are_asked_for_as_one(
    session: Session, subject: Subject, lists: list[int], request: pytest.FixtureRequest
) -> None:
    """Nothing has changed: the one list says that of every group, and the very view comes back."""
    look = looker(session, subject)
    known = look.look()
    lists.clear()
    assert look.look_again(known) is known
    assert lists == [AS_ONE[request.node.callspec.params["subject"]]]


def test_where_one_answer_has_changed_each_list_is_asked_for(
    session: Session, subject: Subject, lists: list[int]
) -> None:
    """What one list says is taken for what the others say only while nothing has changed at all."""
    look = looker(session, subject)
    lists.clear()
    known = look.look()
    each = list(lists)
    for other in (View({**known.answers, "updated": 1}), View({**known.answers, "autostart": 1})):
        lists.clear()
        assert look.look_again(other) == known
        assert sorted(lists[1:]) == sorted(each)
        lists.clear()
        assert look.look_again(other) == known
        assert len(lists) == 1 + len(each)


def test_a_driver_that_puts_flags_together_otherwise_is_asked_for_each_list(
    session: Session, lists: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list of several groups that shows nothing says nothing of such a driver, and is tried once."""
    made = build(session, SITUATIONS["running"], KNOWLEDGE)
    ask = libvirt.virConnect.listAllDomains
    as_one: list[int] = []

    def other(connection: Any, flags: int = 0) -> Any:
        if flags.bit_count() < 2:
            return ask(connection, flags)
        as_one.append(flags)
        return []

    monkeypatch.setattr(libvirt.virConnect, "listAllDomains", other)
    look = looker(session, made)
    lists.clear()
    known = look.look()
    each = list(lists)
    lists.clear()
    assert look.look_again(known) == look.look_again(known) == known
    assert (sorted(lists), len(as_one)) == (sorted(each * 2), 1)
    made.handle.raw.destroy()
    made.handle.raw.undefine()


@pytest.mark.parametrize("change", ["setAutostart", "undefine", "destroy"])
def test_what_has_changed_is_seen_in_fewer_calls_too(session: Session, change: str) -> None:
    """As soon as the one list does not show the domain, each is asked for by itself."""
    made = build(session, SITUATIONS["running"], KNOWLEDGE)
    look = looker(session, made)
    known = look.look()
    getattr(made.handle.raw, change)(*([1] if change == "setAutostart" else []))
    assert look.look_again(known) == look.look() != known
    if change == "undefine":
        made.handle.raw.destroy()
    else:
        made.handle.raw.undefine()
    assert look.look_again(known) == look.look()


def test_a_driver_that_contradicts_itself_is_asked_for_each_list(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A domain that is listed as running and as paused is not asked for by both: a list of either would show it."""
    made = build(session, SITUATIONS["running"], KNOWLEDGE)
    ask = libvirt.virConnect.listAllDomains
    hides: list[int] = []

    def contradict(connection: Any, flags: int = 0) -> Any:
        return [] if flags in hides else ask(connection, flags & ~0xF0)

    monkeypatch.setattr(libvirt.virConnect, "listAllDomains", contradict)
    look = looker(session, made)
    known = look.look()
    assert (known["listed as running"], known["listed as paused"]) == (True, True)
    hides.append(32)
    assert look.look_again(known)["listed as paused"] is False
    made.handle.raw.destroy()
    made.handle.raw.undefine()


def test_what_no_list_showed_can_be_shown_by_one(
    session: Session, subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A domain that was in no list at all is asked for by each: a list by several flags says nothing of it."""
    ask = libvirt.virConnect.listAllDomains
    shown: list[int] = []
    monkeypatch.setattr(
        libvirt.virConnect, "listAllDomains", lambda conn, flags=0: ask(conn, 0) if flags in shown else []
    )
    look = looker(session, subject)
    known = look.look()
    assert look.look_again(known) == known
    shown.append(32)
    assert look.look_again(known)["listed as paused"] is True


def test_a_look_up_that_finds_another_domain_says_which(
    session: Session, subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the UUID that was asked for is known without reading it."""
    other = session.connection.raw.lookupByName("test")
    monkeypatch.setattr(libvirt.virConnect, "lookupByName", lambda _conn, _name: other)
    answers = looker(session, subject).look()
    assert (answers["look-up by name"], answers["look-up by UUID"]) == (other.UUIDString(), subject.owned.uuid)


def test_a_list_that_fails_is_no_list_that_shows_the_domain(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the list of all flags fails, each list is asked for by itself, and what it shows counts."""
    made = build(session, SITUATIONS["running"], KNOWLEDGE)
    ask = libvirt.virConnect.listAllDomains
    fails: list[bool] = []

    def fail_once(connection: Any, flags: int = 0) -> Any:
        if fails:
            fails.clear()
            return lacking_call(session)
        return ask(connection, flags)

    monkeypatch.setattr(libvirt.virConnect, "listAllDomains", fail_once)
    look = looker(session, made)
    known = look.look()
    fails.append(True)
    assert look.look_again(known) == known
    made.handle.raw.destroy()
    made.handle.raw.undefine()


def test_each_answer_is_held_against_what_is_known_now(session: Session, subject: Subject, lists: list[int]) -> None:
    """Lists that showed the domain at one time are not those that showed it at another."""
    look = looker(session, subject)
    first = look.look()
    look.look_again(first)
    subject.handle.raw.setAutostart(1)
    second = look.look()
    lists.clear()
    assert look.look_again(second) == second
    assert [flags & 3072 for flags in lists] == [1024]


def test_no_entry_is_kept_and_the_time_is(session: Session, subject: Subject) -> None:
    """Ten thousand looks leave no more than one."""
    journal = session.journal
    look = looker(session, subject).look
    entries, calls, seconds = len(journal.entries), journal.calls, journal.seconds
    view = look()
    assert len(journal.entries) == entries
    # A look-up answers two questions.
    assert journal.calls == calls + len(view.answers) - 1
    assert journal.seconds > seconds


def test_the_question_under_way_stands_in_the_black_box(session: Session, subject: Subject, tmp_path: Path) -> None:
    """A process that ends in the middle of a question says which; between two looks it says none."""
    path = tmp_path / "box"
    session.journal.box = BlackBox(path)
    session.journal.begin("table/inactive")
    asked: list[str] = []
    look = looker(session, subject)
    look._calls = [
        call._replace(call=lambda *_: asked.append(BlackBox.read(path).split("\n")[1]), questions=("",), convert=None)
        for call in look._calls
    ]
    look.look()
    assert asked[:2] == ["conn.lookupByUUIDString", "conn.lookupByName"]
    assert "dom.isActive" in asked
    assert BlackBox.read(path).split("\n")[:2] == ["table/inactive", ""]


def test_a_broken_driver_is_looked_at_the_long_way(session: Session, subject: Subject) -> None:
    """What stands between every call and the driver stands between these, too."""

    def lie(_handle: Any, method: str, args: tuple[Any, ...], proceed: Any) -> Any:
        return 1 if method == "autostart" else proceed(method, *args)

    subject.handle.interceptor = lie
    look = looker(session, subject)
    assert look.look()["autostart"] == look.look_again(subject.view)["autostart"] == 1
    assert observe(session.connection, subject.handle, CAPABILITIES, session.host)["autostart"] == 1
    subject.handle.interceptor = None
