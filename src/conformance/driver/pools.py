"""What a driver keeps on disks that this machine cannot see, seen through transient storage pools of the kit's own.

A pool over a folder of the driver's host lists what lies in that folder. It is made and taken away by the driver's
own storage calls, changes nothing in the folder, and stands in the ledger before it is made.
"""

from __future__ import annotations

import itertools
import os
import uuid as uuids
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import PurePosixPath

import libvirt

from conformance.driver.handle import Handle
from conformance.driver.host import is_data, is_named, is_passing
from conformance.ledger import PREFIX, Ledger

#: The folders that libvirt documents for drivers of the system, whichever driver it is.
FOLDERS = ("/etc/libvirt", "/var/lib/libvirt")
#: How many folders deep a driver keeps its files below its own.
_DEPTH = 2
#: What a driver keeps in the folder after it is about other things than domains, and can be large.
_OF_OTHERS = frozenset({"networks", "channel", "ram", "images", "boot", "filesystems"})
_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Pools:
    """The folders of the driver's host that are looked at, and how.

    :param connection: past any vice: looking is the kit's own.
    :param names: for each folder that is looked at again and again, the pool over it.
    """

    connection: Handle
    ledger: Ledger
    names: Mapping[str, str]

    def named(self, uuid: str, name: str) -> Iterator[str]:
        """Yield the files named after a domain, as their paths below libvirt's folders."""
        for folder, pool in self.names.items():
            for entry, is_folder in self._listed(pool):
                if not is_passing(entry) and is_named(entry, (uuid, name)):
                    for path in self._files(f"{folder}/{entry}", is_folder=is_folder):
                        yield path.removeprefix(f"{_top(path)}/")

    def _files(self, path: str, *, is_folder: bool) -> Iterator[str]:
        """Yield a file, or the files in a folder at whatever depth: an empty folder is no data."""
        if not is_folder:
            if is_data(path):
                yield path
            return
        for entry, within in self.contents(path):
            if not is_passing(entry):
                yield from self._files(f"{path}/{entry}", is_folder=within)

    def contents(self, folder: str) -> list[tuple[str, bool]]:
        """Return what lies in a folder and whether each is a folder, through a pool that lasts no longer."""
        if (pool := make(self.connection, self.ledger, folder)) is None:
            return []
        try:
            return list(self._listed(pool))
        finally:
            destroy(self.connection, pool)

    def _listed(self, pool: str) -> Iterator[tuple[str, bool]]:
        found = self.connection.look("storagePoolLookupByName", pool).value
        if found is None:
            return
        handle = Handle(found, "pool", self.connection.journal)
        if not handle.look("refresh", 0).ok:
            # The folder is gone.
            return
        for volume in handle.look("listAllVolumes", 0).value or ():
            info = Handle(volume, "volume", self.connection.journal).look("info").value
            yield str(volume.name()), info is not None and info[0] == libvirt.VIR_STORAGE_VOL_DIR


def make(connection: Handle, ledger: Ledger, folder: str) -> str | None:
    """Make a transient pool over a folder and return its name, or nothing where the driver does not."""
    name, uuid = f"{PREFIX}-{ledger.run}-pool-{os.getpid()}-{next(_NUMBERS)}", str(uuids.uuid4())
    ledger.announce_pool(name, uuid)
    made = connection.look(
        "storagePoolCreateXML",
        f"<pool type='dir'><name>{name}</name><uuid>{uuid}</uuid><target><path>{escape(folder)}</path></target></pool>",
        0,
    )
    return name if made.ok else None


def destroy(connection: Handle, name: str) -> None:
    """Take a pool away; what it was over stays as it is."""
    found = connection.look("storagePoolLookupByName", name)
    if found.ok:
        Handle(found.value, "pool", connection.journal).look("destroy")


def destroy_all(connection: Handle, pools: Iterable[tuple[str, str]]) -> tuple[int, list[str]]:
    """Take away the pools of a ledger that are left; return how many there were, and what could not be taken away.

    :param pools: names and UUIDs; another pool that has come by a name is left alone.
    """
    removed, failed = 0, []
    for name, uuid in pools:
        found = connection.look("storagePoolLookupByName", name)
        if not found.ok or str(found.value.UUIDString()) != uuid:
            continue
        ended = Handle(found.value, "pool", connection.journal).look("destroy")
        removed += ended.ok
        failed += [] if ended.ok else [f"the storage pool {name} could not be removed: {ended.failure}"]
    return removed, failed


def survey(connection: Handle, ledger: Ledger, uuid: str, name: str) -> tuple[dict[str, str], str]:
    """Find the folders in which a driver keeps what it knows of domains, by a domain that is defined.

    :returns: for each folder the pool over it, none where no file of the domain's is found; and what was seen.
    """
    look = Pools(connection, ledger, {})
    known = {top: look.contents(top) for top in FOLDERS}
    drivers = {
        folder
        for top, entries in known.items()
        for folder, is_folder in entries
        if is_folder and any(is_named(entry, (uuid, name)) for entry, _ in look.contents(f"{top}/{folder}"))
    }
    if not drivers:
        return {}, "and none through a storage pool"
    wanted = [
        path
        for top, entries in known.items()
        for folder, is_folder in entries
        if is_folder and (folder in drivers or "tpm" in folder)
        for path in _below(look, f"{top}/{folder}", 0 if "tpm" in folder else _DEPTH)
    ]
    made = {path: pool for path in wanted if (pool := make(connection, ledger, path)) is not None}
    return made, "through storage pools of the kit's own"


def _below(look: Pools, folder: str, depth: int) -> Iterator[str]:
    """Yield a folder and those in it, without those that hold what is no data of a domain's."""
    yield folder
    if depth:
        for entry, is_folder in look.contents(folder):
            if is_folder and not is_passing(entry) and entry not in _OF_OTHERS:
                yield from _below(look, f"{folder}/{entry}", depth - 1)


def _top(path: str) -> str:
    return next(top for top in FOLDERS if PurePosixPath(path).is_relative_to(top))
