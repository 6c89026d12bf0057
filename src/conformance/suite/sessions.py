"""The sessions of one process that runs scenarios: with what driver, on which root, and what is done around them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance.driver import inventory
from conformance.driver.cleanup import remove_all
from conformance.driver.handle import Handle, Interceptor
from conformance.driver.knowledge import Knowledge
from conformance.driver.restart import Daemon, Embedded, Restarter
from conformance.driver.session import Session
from conformance.errors import CleanUpFailed, KitError
from conformance.flags import Undefine
from conformance.journal import Journal
from conformance.ledger import Ledger
from conformance.machine import Machine
from conformance.roots import base_folder, make_root, needed_configuration
from conformance.uri import with_root


class Sessions:
    """Opens a session when a scenario needs one, and keeps it for the scenarios that follow.

    Scenarios that restart an embedded driver have a session of their own, on a root of their own: a driver is
    restarted by another process, and two cannot have one root.

    :param setup: what the controlling process told this one.
    :param name: a short text that no other process of the run has.
    """

    def __init__(self, setup: Mapping[str, Any], name: str, journal: Journal) -> None:
        self.setup = setup
        self.name = name
        self.ledger = Ledger(Path(setup["ledger"]))
        self.own = Journal()
        self.current: Session | None = None
        known = setup["knowledge"]
        self.knowledge = Knowledge(
            frozenset(known["capabilities"]),
            tuple(Undefine[flag] for flag in known["flags"]),
            known["snapshot_flags"],
            known["checkpoint_by_redefine"],
        )
        self._journal = journal
        self._open: dict[bool, Session] = {}
        self._roots: dict[bool, Path] = {}
        self._before: inventory.Inventory | None = None
        self._interceptor: Interceptor | None = None

    def pass_through(self, interceptor: Interceptor) -> None:
        """Let what follows meet a driver with another vice than the run's, on the connections that are open."""
        self._interceptor = interceptor
        for session in self._open.values():
            session.pass_through(interceptor)

    def take(self, *, restarts: bool) -> Session:
        """Return the session for a scenario, opened when there is none.

        :param restarts: whether the scenario restarts the driver.
        """
        apart = restarts and self.setup["private_root"]
        if apart not in self._open:
            self._open[apart] = self._make(apart=apart)
        self.current = self._open[apart]
        return self.current

    def _make(self, *, apart: bool) -> Session:
        uri = self.setup["uri"]
        restarter: Restarter | None = None
        if self.setup["private_root"]:
            uri = with_root(uri, str(self._root(apart=apart)))
            restarter = Embedded() if apart else None
        elif self.setup["restart"]:
            restarter = Daemon(self.setup["restart"])
        interceptor = self._interceptor
        if vice := self.setup["vice"]:
            from conformance import mutants

            interceptor = interceptor or mutants.find(vice)
            self.knowledge = mutants.as_mended(self.knowledge, self.setup["machine"]["type"])
        session = Session(
            uri,
            self.name,
            self.ledger,
            self._journal,
            interceptor=interceptor,
            deadline=min(30.0, self.setup["timeout"] / 2),
            restarter=restarter,
            denied_uri=self.setup["denied_uri"],
            firmware=self.setup["firmware"],
            pools=self.setup["pools"],
            known=Machine(**self.setup["machine"]),
        )
        if self._before is None and not apart:
            self._before = inventory.take(self._plain(session.connection), self.ledger.run)
        return session

    def _root(self, *, apart: bool) -> Path:
        if apart not in self._roots:
            folder = base_folder(self.ledger.run)
            name = f"{self.name}-{os.getpid()}{'r' if apart else ''}"
            self.ledger.announce_root(folder / name)
            self._roots[apart] = make_root(folder, name, like=Path(self.setup["like_root"]))
        return self._roots[apart]

    @property
    def configuration(self) -> str:
        """The configuration that an embedded driver needs in a private root; an empty text where it has none."""
        return needed_configuration() if self._roots else ""

    def _plain(self, handle: Handle) -> Handle:
        """Return a handle past any vice: clean-up and inventory are the kit's own, not part of the driver."""
        return Handle(handle.raw, handle.symbol, self.own)

    def clean_up(self) -> None:
        """Remove what the scenario that has ended has made.

        :raises CleanUpFailed: when something of it is left.
        """
        session = self.current
        if session is None:
            return
        session.end_scenario()
        self.own.entries.clear()
        _, failed = remove_all(self._plain(session.connection), session.made, self.ledger.run)
        if failed:
            self.drop()
            raise CleanUpFailed("; ".join(failed))
        session.made.clear()

    def drop(self) -> None:
        """Give up connections that are of no further use; what the scenario made stays in the ledger."""
        self.current = None
        while self._open:
            with contextlib.suppress(KitError):
                self._open.popitem()[1].close()

    def compare(self) -> dict[str, Any]:
        """Return how many objects of others there are, and which have changed since the first scenario."""
        changed: list[str] = []
        objects = 0
        if self._before is not None and self._open:
            with contextlib.suppress(KitError):
                plain = self._plain(self.take(restarts=False).connection)
                changed = inventory.compare(self._before, inventory.take(plain, self.ledger.run))
                objects = len(self._before)
        self.drop()
        return {"objects": objects, "changed": changed}
