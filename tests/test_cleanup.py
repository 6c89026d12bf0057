"""Clean-up and inventory, on libvirt's test driver in this process: what is the kit's goes, the rest stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import libvirt
import pytest

from conformance.driver import inventory
from conformance.driver.cleanup import remove, remove_all
from conformance.driver.events import run_event_loop
from conformance.driver.handle import Handle
from conformance.errors import CleanUpFailed
from conformance.journal import Journal
from conformance.ledger import Owned
from conformance.machine import Machine

RUN = "run1"
OWN = Owned(f"lvc-{RUN}-gw0-1", "8c5d8f4e-0000-4000-8000-000000000001")
MACHINE = Machine("test", "hvm", "i686")
SNAPSHOT = "<domainsnapshot><name>kept</name></domainsnapshot>"


@pytest.fixture
def conn() -> Iterator[Handle]:
    """Give a connection to a test driver of this process's, whose state ends with it."""
    run_event_loop()
    raw = libvirt.open("test:///default")
    yield Handle(raw, "conn", Journal())
    raw.close()


def define(conn: Handle, owned: Owned = OWN, run: str = RUN) -> Handle:
    """Define a domain with the stamp of a run."""
    defined: Handle = conn.call("defineXML", MACHINE.definition(owned.name, owned.uuid, run)).value
    return defined


def names(conn: Handle) -> set[str]:
    """Return the names of all domains."""
    return {domain.name() for domain in conn.look("listAllDomains", 0).value}


PREPARATIONS = {
    "inactive": [],
    "running": ["create"],
    "paused": ["create", "suspend"],
    "transient": ["create", "undefine"],
    "with an image": ["create", ("managedSave", 0)],
    "with a snapshot": [("snapshotCreateXML", SNAPSHOT, 0)],
    "with both": [("snapshotCreateXML", SNAPSHOT, 0), "create", ("managedSave", 0)],
}


@pytest.mark.parametrize("calls", PREPARATIONS.values(), ids=PREPARATIONS)
def test_a_domain_of_the_kits_goes_with_all_it_holds(conn: Handle, calls: list[str | tuple[object, ...]]) -> None:
    """Whatever state a killed run left a domain in, it is removed."""
    before = names(conn)
    domain = define(conn)
    for call in calls:
        method, *args = (call,) if isinstance(call, str) else call
        assert domain.call(str(method), *args).ok
    assert remove(conn, OWN, RUN)
    assert names(conn) == before
    define(conn)
    assert domain.look("hasManagedSaveImage", 0).value == 0


def test_what_is_not_there_is_not_counted(conn: Handle) -> None:
    """An entry is written before its object: there may be none."""
    assert not remove(conn, OWN, RUN)
    assert remove_all(conn, [OWN], RUN) == (0, [])


@pytest.mark.parametrize("run", ["run2", ""])
def test_a_domain_without_the_runs_stamp_is_left_alone(conn: Handle, run: str) -> None:
    """A domain that has an announced UUID and not the stamp is somebody's."""
    define(conn, run=run)
    with pytest.raises(CleanUpFailed, match="was left alone"):
        remove(conn, OWN, RUN)
    assert OWN.name in names(conn)


BARE = "<domain type='test'><name>{}</name><uuid>{}</uuid>{}<memory>32768</memory><os><type>hvm</type></os></domain>"
UNSTAMPED = Owned(OWN.name, OWN.uuid, stamped=False)
OTHERS = "<metadata><other xmlns='urn:other'/></metadata>"


def test_a_domain_without_a_stamp_goes_where_its_name_has_to_do(conn: Handle) -> None:
    """A driver that keeps no metadata shows none; by agreement the run's id in the name stands for it."""
    conn.call("defineXML", BARE.format(OWN.name, OWN.uuid, ""))
    assert remove(conn, UNSTAMPED, RUN)
    assert OWN.name not in names(conn)


@pytest.mark.parametrize(
    ("owned", "name", "metadata", "mark"),
    [(OWN, OWN.name, "", "stamp"), (UNSTAMPED, "theirs", "", "name"), (UNSTAMPED, OWN.name, OTHERS, "name")],
    ids=["not agreed to", "another name", "metadata of others"],
)
def test_a_domain_that_no_name_shows_to_be_the_kits_is_left_alone(
    conn: Handle, owned: Owned, name: str, metadata: str, mark: str
) -> None:
    """Without an agreement a name says nothing, and with one it has to be of the run and no metadata against it."""
    conn.call("defineXML", BARE.format(name, OWN.uuid, metadata))
    with pytest.raises(CleanUpFailed, match=f"not its {mark}, and was left alone"):
        remove(conn, owned, RUN)
    assert name in names(conn)


class Unclear(libvirt.libvirtError):
    """An error that says nothing: a driver failed without setting one."""

    def get_error_code(self) -> int:
        """Return VIR_ERR_INTERNAL_ERROR, as a daemon makes of it."""
        return 1


def mute(handle: Handle, method: str, args: tuple[Any, ...], proceed: Callable[..., Any]) -> Any:
    """Fail to find a domain without a reason, as a driver does that sets no error."""
    try:
        return proceed(method, *args)
    except libvirt.libvirtError:
        if method == "lookupByUUIDString":
            raise Unclear("no reason") from None
        raise


def test_where_a_look_up_gives_no_reason_the_list_tells(conn: Handle) -> None:
    """A domain that no list shows is gone, whatever error a look-up ends with."""
    silent = Handle(conn.raw, "conn", Journal(), mute)
    define(conn)
    assert remove(silent, OWN, RUN)
    assert not remove(silent, OWN, RUN)


def test_where_neither_look_up_nor_list_tells_nothing_is_taken_for_gone(conn: Handle) -> None:
    """Without an answer a domain may be there."""

    def silent(handle: Handle, method: str, args: tuple[Any, ...], proceed: Callable[..., Any]) -> Any:
        if method in ("lookupByUUIDString", "listAllDomains"):
            raise Unclear("no reason")
        return proceed(method, *args)

    with pytest.raises(CleanUpFailed, match="cannot be told"):
        remove(Handle(conn.raw, "conn", Journal(), silent), OWN, RUN)


def test_a_stamped_domain_that_was_not_announced_is_left_alone(conn: Handle) -> None:
    """The stamp alone does not do either: what stands in no ledger is not touched."""
    define(conn)
    assert remove_all(conn, [Owned(OWN.name, "8c5d8f4e-0000-4000-8000-000000000002")], RUN) == (0, [])
    assert OWN.name in names(conn)


def test_one_that_cannot_be_removed_does_not_keep_the_others(conn: Handle) -> None:
    """What failed is told, and the rest is removed all the same."""
    other = Owned(f"lvc-{RUN}-gw0-2", "8c5d8f4e-0000-4000-8000-000000000002")
    define(conn, run="run2")
    define(conn, other)
    removed, (problem,) = remove_all(conn, [OWN, other], RUN)
    assert removed == 1
    assert OWN.name in problem
    assert other.name not in names(conn)


def test_an_inventory_is_the_same_twice(conn: Handle) -> None:
    """Nothing changes by being looked at, and the run's own domains are no part of it."""
    before = inventory.take(conn, RUN)
    define(conn)
    assert before
    assert inventory.compare(before, inventory.take(conn, RUN)) == []


CHANGES = {
    "new": (["domain lvc-run2-gw0-1", "is new"], lambda conn: define(conn, Owned("lvc-run2-gw0-1", OWN.uuid), "run2")),
    "gone": (["domain test", "is gone"], lambda conn: undefine(conn)),
    "stopped": (["domain test", "has changed"], lambda conn: look_up(conn).call("destroy")),
    "autostart": (["domain test", "has changed"], lambda conn: look_up(conn).call("setAutostart", 1)),
    "saved": (["domain test", "has changed"], lambda conn: look_up(conn).call("managedSave", 0)),
    "snapshot": (["domain test", "has changed"], lambda conn: look_up(conn).call("snapshotCreateXML", SNAPSHOT, 0)),
}


def look_up(conn: Handle) -> Handle:
    """Return the domain that the test driver always has."""
    found: Handle = conn.call("lookupByName", "test").value
    return found


def undefine(conn: Handle) -> None:
    """Take the domain away that the test driver always has."""
    domain = look_up(conn)
    domain.call("destroy")
    domain.call("undefine")


@pytest.mark.parametrize(("words", "change"), CHANGES.values(), ids=CHANGES)
def test_a_change_of_what_is_not_the_kits_is_told(conn: Handle, words: list[str], change: object) -> None:
    """A domain of others that comes, goes or changes in whatever it holds is one sentence in the report."""
    assert callable(change)
    before = inventory.take(conn, RUN)
    change(conn)
    (told,) = inventory.compare(before, inventory.take(conn, RUN))
    assert all(word in told for word in words)


def test_other_kinds_of_object_are_in_the_inventory(conn: Handle) -> None:
    """A network or a pool that disappears is told too."""
    before = inventory.take(conn, RUN)
    network = conn.raw.networkLookupByName("default")
    network.destroy()
    network.undefine()
    assert inventory.compare(before, inventory.take(conn, RUN)) == ["network default is gone"]
