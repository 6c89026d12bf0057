"""What a run has on this host while it lasts, and how it goes again: ledger, folder, private root, attendant."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance.attendant import Attendant
from conformance.errors import CleanUpFailed, Unwritable
from conformance.forkserver import ForkServer
from conformance.ledger import PREFIX, Ledger
from conformance.processes import end_processes
from conformance.roots import base_folder, configuration_of, end_left, make_root, remove_root
from conformance.uri import embeds, embeds_without_root, root_of, with_root


class Premises:
    """The place of a run on this host.

    :param uri: the driver's, as the caller gave it.
    :param run: the run's id.
    :param stamped: whether its domains are known by their stamp.
    """

    def __init__(self, uri: str, run: str, *, stamped: bool = True) -> None:
        self.uri = uri
        self._stamped = stamped
        self.run = run
        self.folder = Path(tempfile.gettempdir()) / f"{PREFIX}-run-{run}"
        self.ledger: Ledger | None = None
        self.forks = ForkServer(self.folder)
        self.attendant: Attendant | None = None
        #: The attendant's root, where an embedded driver was given none by the caller.
        self.root: Path | None = None
        self._swept = False

    def open(self, **wanted: Any) -> None:
        """Begin the ledger, make what stands in it, and let the attendant begin to probe.

        :param wanted: what the attendant has to know of the caller's wishes.
        :raises Unwritable: when something cannot be made.
        """
        self.ledger = Ledger.open(self.uri, self.run, stamped=self._stamped)
        self._make_folder(self.ledger)
        uri = self.uri
        if embeds_without_root(uri):
            self.root = base_folder(self.run) / "p"
            self.ledger.announce_root(self.root)
            make_root(self.root.parent, "p")
            uri = with_root(uri, str(self.root))
        # Nobody has typed the root's path, so no error tells of it.
        self.attendant = Attendant(self.uri, self.folder, self.forks)
        self.attendant.ask({"do": "probe", "uri": uri, "ledger": str(self.ledger.path), **wanted})

    def _make_folder(self, ledger: Ledger) -> None:
        ledger.announce_folder(self.folder)
        try:
            self.folder.mkdir(mode=0o700)
        except OSError as error:
            raise Unwritable(
                f"the folder of the run cannot be made ({error.strerror})",
                where=str(self.folder),
                remedy="make the folder for temporary files writable, or name another with TMPDIR",
            ) from None

    @property
    def configuration(self) -> str:
        """The configuration of the root that the kit has made, or an empty text."""
        return configuration_of(self.root) if self.root is not None else ""

    @property
    def shares_root(self) -> bool:
        """Whether all that call the driver need the same root, the caller's: one process at a time can have it."""
        return embeds(self.uri) and self.root is None

    def release(self) -> None:
        """End the attendant where a worker needs what it holds."""
        if self.attendant is not None and self.shares_root:
            self.attendant.stop()
            self.attendant = None

    def sweep(
        self, inventory: Mapping[str, str] | None, seconds: float, *, anew: bool = False
    ) -> dict[str, Any] | None:
        """Let the attendant remove the domains that are left, and compare what is there with an inventory.

        :param inventory: what was there before, or nothing when probing did not come so far.
        :param anew: whether it is to be another attendant: the first is gone, or at something else.
        :returns: its answer, or nothing when there was nothing to ask for.
        :raises KitError: as :meth:`Attendant.answer` does.
        """
        if self.ledger is None:
            return None
        if anew and self.attendant is not None:
            # What it is at may still go into the ledger.
            self.attendant.stop()
            self.attendant = None
        if self.attendant is None:
            # The domains of a private root go with it.
            if self.root is not None or (inventory is None and not self.ledger.domains()):
                return None
            self.attendant = Attendant(self.uri, self.folder, self.forks)
        asked = {"uri": self.uri, "ledger": str(self.ledger.path), "inventory": inventory}
        self.attendant.ask({"do": "clean" if inventory is None else "finish", **asked})
        answer = self.attendant.answer(seconds)
        self._swept = not answer["failed"]
        return answer

    def close(self) -> list[str]:
        """End the run's processes and remove what it has on disk; return what could not be removed.

        The ledger stays where something may be left: ``clean`` goes on from there.
        """
        # Whoever is interrupted here and goes on asks another attendant, and not one that is being stopped.
        attendant, self.attendant = self.attendant, None
        if attendant is not None:
            attendant.stop()
        if self.forks.pid and (root := root_of(self.uri)):
            # libvirt asks an emulator what it can do in a process that outlives one that was ended meanwhile.
            end_left(Path(root), self.forks.pid)
        self.forks.stop()
        if self.ledger is None:
            return []
        # Workers are left where a run ends before pytest has ended them.
        end_processes([self.folder])
        failed = self._close_ledger(self.ledger)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.ledger = None
        return failed

    def _close_ledger(self, ledger: Ledger) -> list[str]:
        ledger.remove_folders()
        roots = ledger.roots()
        failed = []
        for root in roots:
            try:
                remove_root(root)
            except CleanUpFailed as error:
                failed.append(str(error))
        if not failed and (self._swept or roots or not ledger.domains()):
            ledger.remove()
        return failed
