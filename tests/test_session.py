"""Sessions with a driver one after the other in one process, as after a connection was lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.driver.cleanup import remove_all
from conformance.driver.handle import Handle
from conformance.driver.session import Session
from conformance.driver.setbacks import NotReached
from conformance.ledger import Ledger
from conformance.mutants.call import refuse


@pytest.fixture
def sessions(tmp_path: Path) -> Iterator[tuple[Session, Session]]:
    """Give two sessions of one worker, on one driver in this process."""
    ledger = Ledger.open("test:///default", "run1", folder=tmp_path)
    made = Session("test:///default", "gw0", ledger), Session("test:///default", "gw0", ledger)
    # The driver's state lasts as long as one connection to it.
    connections = [session.connection for session in made]
    yield made
    remove_all(connections[1], ledger.domains(), ledger.run)
    for session in made:
        session.close()


def test_a_domain_that_was_left_is_in_nobodys_way(sessions: tuple[Session, Session]) -> None:
    """The second session's names differ from those of the first, whose domains may still be there."""
    names = set()
    for session in sessions:
        owned = session.new_identity()
        names.add(owned.name)
        assert session.define(owned).ok
    assert len(names) == 2


def test_a_fence_that_was_left_is_in_nobodys_way(sessions: tuple[Session, Session]) -> None:
    """A fence is put up beside one that another session never took down."""
    first, second = sessions
    first.fence([first.recording])
    (fence,) = first.ledger.domains()
    assert first.define(fence).ok
    second.fence([second.recording])
    assert [owned.name for owned in second.ledger.domains()].count(fence.name) == 1


def test_a_registration_outlives_the_scenario(sessions: tuple[Session, Session]) -> None:
    """Events of a further connection are registered for once: libvirt loses some where a client's last one has ended.

    What came is forgotten with the scenario, and a registration ends with its connection.
    """
    session, other = sessions
    kept = session.record(session.connect_extra())
    owned = session.new_identity()
    assert session.define(owned).ok
    session.fence([kept])
    assert kept.of(owned.uuid)
    session.end_scenario()
    assert session.record(session.connect_extra()) is kept
    assert not kept.of(owned.uuid)
    session.close()
    later = other.new_identity()
    assert other.define(later).ok
    other.fence([other.recording])
    assert not kept.of(later.uuid)
    assert session.record(session.connect_extra()) is not kept


def test_events_that_cannot_be_registered_for_are_not_waited_for(tmp_path: Path) -> None:
    """A driver that refuses is told with its reason, at once, and asked again the next time."""

    def refuses(_handle: Handle, method: str, args: tuple[Any, ...], proceed: Callable[..., Any]) -> Any:
        if method == "domainEventRegisterAny":
            refuse("NO_SUPPORT", "nobody is told")
        return proceed(method, *args)

    session = Session("test:///default", "gw0", Ledger.open("test:///default", "run1", folder=tmp_path))
    session.interceptor = refuses
    with pytest.raises(NotReached, match="events could not be registered for: NO_SUPPORT"):
        _ = session.recording
    session.pass_through(None)
    assert session.recording.registered.ok
    session.close()
