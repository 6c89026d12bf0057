"""What the kit made, on disk before it is made, so that a run that was killed can be cleaned up after.

One file for each run, of one JSON object a line. An entry is written before its object exists:
a run can die at any moment and leave an entry without an object, never an object without an entry.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from conformance.errors import Unwritable
from conformance.uri import redact

#: The beginning of the name of every domain that the kit makes.
PREFIX = "lvc"


@dataclass(frozen=True)
class Owned:
    """A domain that the kit announced: its name and its UUID.

    :param stamped: whether it has to carry the stamp of its run; otherwise the run's id in its name has to do.
    """

    name: str
    uuid: str
    stamped: bool = True


def state_folder() -> Path:
    """Return the folder of the ledgers, as the XDG base directory specification places it."""
    base = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")  # noqa: PTH111 - also without a home
    return Path(base) / "libvirt-conformance"


def uri_key(uri: str) -> str:
    """Return what stands for a URI in a ledger's name: a digest, as a URI may hold a password."""
    return hashlib.sha256(uri.encode()).hexdigest()[:16]


def process_start(pid: int) -> str:
    """Return when a process started, as the kernel counts, or an empty text when there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


class Ledger:
    """The objects of one run. Several processes of the run append to the same file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def open(cls, uri: str, run: str, *, folder: Path | None = None, stamped: bool = True) -> Ledger:
        """Begin the ledger of a run, which lives as long as this process does.

        :param stamped: whether the run's domains are known by their stamp, which is to hold after its death too.
        :raises Unwritable: when the folder cannot be written to: without a ledger nothing may be made.
        """
        folder = folder or state_folder()
        ledger = cls(folder / f"{uri_key(uri)}-{run}.jsonl")
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            begun = {"run": run, "pid": os.getpid(), "start": process_start(os.getpid()), "uri": redact(uri)}
            ledger._append(begun if stamped else {**begun, "stamped": False})
        except OSError as error:
            raise Unwritable(
                f"the ledger of what the kit makes cannot be written ({error.strerror})",
                where=str(folder),
                remedy="make the folder writable, or name another with XDG_STATE_HOME",
            ) from None
        return ledger

    @classmethod
    def left_behind(cls, uri: str = "", *, folder: Path | None = None) -> Iterator[Ledger]:
        """Yield the ledgers of runs against a URI, or against any, whose process is no more."""
        for path in sorted((folder or state_folder()).glob("*.jsonl")):
            ledger = cls(path)
            if (not uri or ledger.is_of(uri)) and not ledger.is_alive():
                yield ledger

    def is_of(self, uri: str) -> bool:
        """Tell whether the run was against a URI."""
        return self.path.name.startswith(f"{uri_key(uri)}-")

    @property
    def run(self) -> str:
        """The id of the run."""
        return self.path.stem.partition("-")[2]

    @property
    def uri(self) -> str:
        """The URI that the run was given, without its secrets; an empty text where no ledger told it yet."""
        return str(next(self._entries(), {}).get("uri", ""))

    @cached_property
    def stamped(self) -> bool:
        """Whether a domain of the run is touched only when it carries the stamp."""
        return next(self._entries(), {}).get("stamped") is not False

    def _append(self, entry: dict[str, object]) -> None:
        # One write of one line with O_APPEND: lines of several processes never mix.
        # The line break before it keeps it apart from one that a full disk has cut off.
        line = f"{'' if 'run' in entry else chr(10)}{json.dumps(entry)}\n".encode()
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            written = os.write(descriptor, line)
        finally:
            os.close(descriptor)
        if written < len(line):
            raise Unwritable("an entry of the ledger could not be written whole", where=str(self.path))

    def announce(self, name: str, uuid: str) -> None:
        """Write down a domain that is about to be made."""
        self._append({"name": name, "uuid": uuid})

    def strike(self, uuid: str) -> None:
        """Write down that a domain is gone for good, so that nobody looks for it when the run ends.

        Random lives make a hundred domains a second, and each has a name and a UUID of its own.
        """
        self._append({"gone": uuid})

    def announce_root(self, path: Path) -> None:
        """Write down a private root of an embedded driver that is about to be made."""
        self._append({"root": str(path)})

    def announce_folder(self, path: Path) -> None:
        """Write down a folder for files of the run's: logs, or what a driver saves to."""
        self._append({"folder": str(path)})

    def announce_pool(self, name: str, uuid: str) -> None:
        """Write down a storage pool that is about to be made."""
        self._append({"pool": name, "of": uuid})

    def _entries(self) -> Iterator[dict[str, object]]:
        try:
            lines = self.path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return
        for line in lines:
            # A machine that lost power can leave a line cut off; its object was never made.
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if isinstance(entry, dict):
                yield entry

    def domains(self) -> list[Owned]:
        """Return the domains announced so far, each once, without those that are gone for good."""
        entries = list(self._entries())
        gone = {entry["gone"] for entry in entries if "gone" in entry}
        named = [entry for entry in entries if "uuid" in entry and "name" in entry]
        found = [Owned(str(entry["name"]), str(entry["uuid"]), self.stamped) for entry in named]
        return list(dict.fromkeys(owned for owned in found if owned.uuid not in gone))

    def uuids(self) -> set[str]:
        """Return the UUIDs of all domains that were ever announced."""
        return {str(entry["uuid"]) for entry in self._entries() if "uuid" in entry}

    def pools(self) -> list[tuple[str, str]]:
        """Return the names and UUIDs of the storage pools announced so far."""
        return [(str(entry["pool"]), str(entry.get("of"))) for entry in self._entries() if "pool" in entry]

    def roots(self) -> list[Path]:
        """Return the private roots announced so far."""
        return [Path(str(entry["root"])) for entry in self._entries() if "root" in entry]

    def folders(self) -> list[Path]:
        """Return the folders announced so far."""
        return [Path(str(entry["folder"])) for entry in self._entries() if "folder" in entry]

    def remove_folders(self) -> None:
        """Remove the folders announced so far, those of them whose names are the kit's."""
        for folder in self.folders():
            if folder.name.startswith(f"{PREFIX}-"):
                shutil.rmtree(folder, ignore_errors=True)

    def is_alive(self) -> bool:
        """Tell whether the process that began the ledger still runs."""
        header = next(self._entries(), {})
        pid, start = header.get("pid"), header.get("start")
        return isinstance(pid, int) and bool(start) and process_start(pid) == start

    def remove(self) -> None:
        """Forget the run: nothing of it is left."""
        self.path.unlink(missing_ok=True)
