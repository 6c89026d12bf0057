"""The two domains of a life, the own one and its namesake: their names, their definitions, and taking them away."""

from __future__ import annotations

import uuid as uuids
from itertools import count

from conformance.driver.cleanup import remove
from conformance.driver.handle import Handle
from conformance.driver.knowledge import Knowledge
from conformance.driver.session import Session
from conformance.explore.model import next_edition
from conformance.explore.parting import Identity
from conformance.explore.shown import with_edition
from conformance.explore.world import World
from conformance.journal import Journal
from conformance.ledger import PREFIX, Owned
from conformance.machine import NO_SUCH_DISK, Hardware

_DISK = b"a disk of the conformance kit".ljust(1 << 16, b"\0")
_NUMBERS = count(1)


class Namesakes:
    """The domains that a life may make, each announced in the ledger before there is one; one life after the other.

    :ivar identity: their UUIDs.
    :ivar names: the name that both have at first, and the one that the own domain has after a rename.
    """

    def __init__(self, session: Session, knowledge: Knowledge) -> None:
        self._session = session
        self._disks = _make_disks(session, knowledge)
        self._owned: list[Owned] = []
        # Taking domains away is the kit's own work: it goes past a broken driver, and into no script.
        self._journal = Journal()
        self.identity = Identity("", "")
        self.names = ("", "")

    def begin(self) -> Identity:
        """Take names and UUIDs that were never used."""
        session = self._session
        stem = f"{PREFIX}-{session.ledger.run}-{session.worker}-{next(_NUMBERS)}"
        self.names = (stem, f"{stem}-renamed")
        self.identity = Identity(str(uuids.uuid4()), str(uuids.uuid4()))
        self._owned = []
        return self.identity

    def definition(self, world: World) -> str:
        """Return the own domain's next definition, under the name that it has.

        :param world: as the model has it.
        """
        owned = self._announce(self.names[world.state is not None and world.renamed], self.identity.own)
        return self._document(owned, self._disks[0], next_edition(world))

    def definition_of_namesake(self) -> str:
        """Return the namesake's definition."""
        return self._document(self._announce(self.names[0], self.identity.namesake), self._disks[1], 1)

    def other_name(self, now: str) -> str:
        """Return the name that the own domain does not have."""
        other = self.names[now == self.names[0]]
        self._announce(other, self.identity.own)
        return other

    def _announce(self, name: str, uuid: str) -> Owned:
        """Return a domain that stands in the ledger, which it does before it is made."""
        owned = Owned(name, uuid, self._session.ledger.stamped)
        if owned not in self._owned:
            self._session.announce(name, uuid)
            self._owned.append(owned)
        return owned

    def _document(self, owned: Owned, disk: str, edition: int) -> str:
        return with_edition(self._session.definition(owned, Hardware(disk=disk)), edition)

    def end(self) -> None:
        """Take away what is left of them.

        :raises CleanUpFailed: when something of it is still there.
        """
        session, journal = self._session, self._journal
        plain = Handle(session.connection.raw, "conn", journal)
        for owned in self._owned:
            remove(plain, owned, session.ledger.run)
        for owned in self._owned:
            session.ledger.strike(owned.uuid)
            session.made.remove(owned)
        self._owned = []
        session.journal.seconds += journal.seconds
        journal.seconds = 0.0
        journal.forget()


def _make_disks(session: Session, knowledge: Knowledge) -> tuple[str, str]:
    """Return the paths of the two domains' disks: a checkpoint is of a disk."""
    if "checkpoint-metadata" not in knowledge.capabilities:
        return "", ""
    if session.machine.type == "test" or "host-files" not in knowledge.capabilities:
        return NO_SUCH_DISK, NO_SUCH_DISK
    paths = (session.files / "own.disk", session.files / "namesake.disk")
    for path in paths:
        path.write_bytes(_DISK)
        session.written.append(path.name)
    return str(paths[0]), str(paths[1])
