"""An event behind all others: what has not come by the time that it comes was not sent."""

from __future__ import annotations

import uuid as uuids
from collections.abc import Sequence
from typing import TYPE_CHECKING

from conformance.driver.events import DEFINED, Recording
from conformance.driver.setbacks import NotReached
from conformance.errors import NoAnswer
from conformance.ledger import PREFIX, Owned
from conformance.uri import redact

if TYPE_CHECKING:
    from conformance.driver.session import Session


class Fence:
    """A domain of a session's that is defined and undefined to make an event."""

    def __init__(self, session: Session) -> None:
        fresh = str(uuids.uuid4())
        # A session that was lost may have left its own.
        self._owned = Owned(f"{PREFIX}-{session.ledger.run}-{session.worker}-fence-{fresh[:8]}", fresh)
        session.ledger.announce(self._owned.name, self._owned.uuid)
        self._definition = session.definition(self._owned)

    def wait(self, session: Session, recordings: Sequence[Recording]) -> None:
        """Wait until every event that was due before has come, on every connection that records.

        :raises NoAnswer: when the event of the fence itself does not come in time.
        """
        uuid = self._owned.uuid
        seen = [recording.count(uuid, DEFINED) for recording in recordings]
        defined = session.connection.look("defineXML", self._definition)
        if defined.failure is not None:
            raise NotReached(f"a domain for the fence could not be defined: {defined.failure}")
        came = all(
            recording.wait(uuid, DEFINED, number + 1, session.deadline)
            for recording, number in zip(recordings, seen, strict=True)
        )
        defined.value.look("undefine")
        if not came:
            raise NoAnswer("an event that has to come did not come", where=redact(session.uri))
