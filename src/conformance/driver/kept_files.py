"""The files beside a domain that only its guest could make again: its variables, its TPM's state, its memory."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from conformance.decision import Holding
from conformance.driver.host import Host
from conformance.ledger import Owned


@dataclass(frozen=True)
class _Kept:
    """A file or a folder as it was."""

    path: Path
    owner: tuple[int, int]
    mode: int
    content: bytes | None

    @classmethod
    def of(cls, path: Path) -> _Kept:
        """Return what stands at a path."""
        found = path.stat()
        content = None if path.is_dir() else path.read_bytes()
        return cls(path, (found.st_uid, found.st_gid), found.st_mode & 0o7777, content)

    def put_back(self) -> None:
        """Make the file or folder again where it is not as it was."""
        if self.content is None:
            if self.path.is_dir():
                return
            self.path.mkdir()
        elif self.path.is_file() and self.path.read_bytes() == self.content:
            return
        else:
            self.path.write_bytes(self.content)
        os.chown(self.path, *self.owner)
        self.path.chmod(self.mode)


@dataclass(frozen=True)
class KeptFiles:
    """Files that can be put back, with the folders that hold nothing else."""

    _kept: tuple[_Kept, ...] = field(default=())

    @classmethod
    def of(cls, host: Host, owned: Owned, held: Collection[Holding]) -> KeptFiles:
        """Read what a domain has of such files, as far as this machine can see and read them."""
        paths: list[Path] = []
        if Holding.NVRAM in held:
            paths.append(host.file(owned.uuid, "nvram"))
        if Holding.IMAGE in held:
            paths += host.image_files(owned.uuid, owned.name)
        if Holding.TPM in held:
            paths += _with_folders(host.tpm_files(owned.uuid, owned.name), owned)
        try:
            return cls(tuple(_Kept.of(path) for path in paths))
        except OSError:
            return cls()

    def put_back(self) -> None:
        """Make every file again that is not as it was; one that cannot be made is missed by whoever looks."""
        for kept in self._kept:
            try:
                kept.put_back()
            except OSError:
                return


def _with_folders(files: Collection[Path], owned: Owned) -> Iterator[Path]:
    """Yield files, each folder before what is in it, from the one that is named after the domain."""
    folders = {
        folder for file in files for folder in file.parents if owned.uuid in folder.parts or owned.name in folder.parts
    }
    yield from sorted(folders)
    yield from files
