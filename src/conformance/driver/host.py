"""What a driver leaves on the disks of this machine, seen by looking there and not by asking the driver.

A definition, an image or metadata that a driver keeps is a file whose name, or whose folder's name, is the domain's
name or UUID: that much holds for every driver that keeps files at all. Where the driver is on another host, or in
another file system, nothing is found there; :mod:`conformance.driver.pools` looks there, where it can.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.uri import embeds, is_local, root_of
from conformance.view import PASSING, Answer

if TYPE_CHECKING:
    from conformance.driver.pools import Pools

#: What is put behind the name of a file while it is being written.
_UNFINISHED = (".new", ".tmp")
MISSING = "missing"


def places_of(uri: str) -> tuple[Path, ...]:
    """Return the folders of this machine in which the driver behind a URI may keep files.

    They are those that libvirt documents for drivers of the system and of a user, whichever driver it is.
    """
    if not is_local(uri):
        return ()
    if embeds(uri):
        root = root_of(uri)
        return (Path(root),) if root else ()
    home = Path.home()
    candidates = (
        Path("/etc/libvirt"),
        Path("/var/lib/libvirt"),
        Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "libvirt",
        Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "libvirt",
    )
    return tuple(place for place in candidates if place.is_dir())


@dataclass(frozen=True)
class Host:
    """The disks of this machine, for one driver and the scenario under way.

    :param places: where the driver keeps its files.
    :param files: the folder of the files that the kit itself gives to domains, or none.
    :param pools: how the places are looked at where this machine cannot see them.
    """

    places: tuple[Path, ...]
    files: Path | None = None
    pools: Pools | None = None

    def answer(self, method: str, uuid: str, name: str) -> Answer:
        """Return the answer to a question of :data:`conformance.view.ASPECTS` that is asked of the host."""
        match method:
            case "kept":
                return tuple(sorted(path for path in self._named(uuid, name) if not _is_of_tpm(path, name)))
            case "tpm":
                return tuple(sorted(path for path in self._named(uuid, name) if _is_of_tpm(path, name)))
            case kind:
                return MISSING if self.files is None else digest(self.file(uuid, kind))

    def file(self, uuid: str, kind: str) -> Path:
        """Return the path of a file that the kit gives to a domain."""
        if self.files is None:
            raise AssertionError("the scenario has no files")
        return self.files / f"{uuid}.{kind}"

    def tpm_files(self, uuid: str, name: str) -> list[Path]:
        """Return the files with the state of a domain's TPM that this machine can see."""
        return [place / path for place, path in self._seen(uuid, name) if _is_of_tpm(path, name)]

    def image_files(self, uuid: str, name: str) -> list[Path]:
        """Return the managed save image of a domain, as far as this machine can see it: all else are documents."""
        seen = self._seen(uuid, name)
        return [place / path for place, path in seen if not path.endswith(".xml") and not _is_of_tpm(path, name)]

    def _seen(self, uuid: str, name: str) -> Iterator[tuple[Path, str]]:
        """Yield the files named after a domain that this machine can see, each below the place where it was found."""
        for place in self.places:
            for path in _below(place, lambda entry: is_named(entry, (uuid, name)), within=False):
                yield place, path.removeprefix(f"{place}/")

    def _named(self, uuid: str, name: str) -> Iterator[str]:
        """Yield the files named after a domain, below the places."""
        if self.pools is not None:
            yield from self.pools.named(uuid, name)
            return
        for _, path in self._seen(uuid, name):
            yield path


def _is_of_tpm(path: str, name: str) -> bool:
    """Tell whether a file lies in a folder for TPMs; that a domain is called after one says nothing."""
    return any("tpm" in folder for folder in Path(path).parent.parts if folder != name)


def left_behind(places: Iterable[Path], begin: str, uuids: Collection[str]) -> list[str]:
    """Return the files that a driver has kept of domains, by its names for them.

    :param begin: how the domains' names begin.
    :param uuids: the domains' UUIDs.
    """

    def is_of_one(entry: str) -> bool:
        return entry.startswith(begin) or entry.partition(".")[0] in uuids

    return sorted(path for place in places for path in _below(place, is_of_one, within=False))


def _below(folder: Path | str, is_wanted: Callable[[str], bool], *, within: bool) -> Iterator[str]:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        # What this user may not read is no evidence; what has just gone is not there.
        return
    for entry in entries:
        if is_passing(entry.name):
            continue
        named = within or is_wanted(entry.name)
        if entry.is_dir(follow_symlinks=False):
            yield from _below(entry.path, is_wanted, within=named)
        elif named and is_data(entry.name):
            yield entry.path


def is_passing(entry: str) -> bool:
    """Tell whether a file or folder of a driver's holds nothing that is to be kept."""
    return entry in PASSING or entry.startswith(".") or entry.endswith(_UNFINISHED)


def is_named(entry: str, names: tuple[str, str]) -> bool:
    """Tell whether a file or folder is named after a domain.

    :param names: the domain's UUID and name.
    """
    return entry in names or entry.startswith(tuple(f"{name}." for name in names))


def is_data(entry: str) -> bool:
    """Tell whether a file named after a domain is more than a sign that it runs."""
    return not entry.endswith((".pid", ".sock", ".log"))


def digest(path: Path) -> str:
    """Return a text that stands for a file's content, or ``missing``."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    except FileNotFoundError:
        return MISSING
    except OSError as error:
        # A file that the emulator's user has taken over is still there.
        return f"unreadable ({error.strerror})"
