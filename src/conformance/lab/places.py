"""Where the lab keeps things on this machine, and the locks by which two labs keep out of each other's way."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from conformance.errors import LabBusy, NeedsRoot, Unwritable

#: Set in the environment of everything inside a capsule, to the capsule's folder: by it down knows what is its own.
MARK = "LIBVIRT_CONFORMANCE_LAB"
_CACHE = Path("/var/cache/libvirt-conformance-lab")
#: A short path: a socket's may have 107 bytes.
_STATE = Path("/run/libvirt-conformance-lab")


def cache_folder() -> Path:
    """Return the folder of the roots that are kept from one run to the next."""
    return Path(os.environ.get("LIBVIRT_CONFORMANCE_LAB_CACHE") or _CACHE)


def state_folder() -> Path:
    """Return the folder of what is up."""
    return Path(os.environ.get("LIBVIRT_CONFORMANCE_LAB_STATE") or _STATE)


def need_root() -> None:
    """Refuse to go on as anybody but root.

    :raises NeedsRoot: when this process is not root's.
    """
    if os.geteuid() != 0:
        raise NeedsRoot("making file systems, devices and namespaces takes root")


def make_folder(folder: Path) -> None:
    """Make a folder that others may look into: daemons that are not root's have sockets below.

    :raises Unwritable: when it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
    except OSError as error:
        raise Unwritable(f"the folder cannot be made ({error.strerror})", where=str(folder)) from None


@contextlib.contextmanager
def held(lock: Path, what: str, *, wait: bool = False) -> Iterator[None]:
    """Hold a lock, which ends with the process at the latest.

    :param what: what is locked, for the sentence about it.
    :param wait: whether to wait for whoever has it.
    :raises LabBusy: when another lab has it.
    """
    make_folder(lock.parent)
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise LabBusy(f"another lab is at work on {what}", where=str(lock)) from None
        yield
