"""A call on its way into a broken driver, and what that driver finds inside of the domain that the call is about."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

import libvirt

from conformance.driver.handle import Handle
from conformance.flags import Undefine

#: What a broken driver remembers from one call to the next: by a domain's UUID, as one process sees many domains.
Memory = dict[str, Any]

#: Values of virConnectListAllDomainsFlags.
LIST_ALL, LIST_ACTIVE, LIST_PERSISTENT, LIST_TRANSIENT, LIST_RUNNING, LIST_PAUSED = 0, 1, 4, 8, 16, 32
LIST_WITH_IMAGE, LIST_WITH_AUTOSTART, LIST_WITH_SNAPSHOT, LIST_WITH_CHECKPOINT = 256, 1024, 4096, 1 << 14
PAUSED = 3

#: The driver on which alone some vices can be shown.
QEMU = "qemu:///embed"

#: The error that every call of libvirt's raises.
LibvirtError = libvirt.libvirtError

_KNOWN_FLAGS = sum(Undefine)
#: What libvirt's own test driver takes once it is mended; the QEMU driver takes every flag.
_TAKEN_BY_TEST = Undefine.MANAGED_SAVE | Undefine.SNAPSHOTS_METADATA | Undefine.CHECKPOINTS_METADATA


@dataclass(frozen=True)
class Call:
    """One call, made on a connection, a domain or a part of a domain.

    :param proceed: takes a method and its arguments to the driver.
    :param read_only: whether the call came on a read-only connection.
    :param denied: whether it came from somebody who may look and do nothing else.
    :param known: answers of the domain's that hold as long as the call is under way, where somebody keeps them.
    """

    handle: Handle
    method: str
    args: tuple[Any, ...]
    proceed: Callable[..., Any]
    read_only: bool = False
    denied: bool = False
    known: dict[Any, Any] | None = None

    def go_on(self) -> Any:
        """Make the call as it is."""
        return self.proceed(self.method, *self.args)

    @property
    def raw(self) -> Any:
        """The object of libvirt's that the call is made on; what is asked of it goes past the vice."""
        return self.handle.raw

    @property
    def connection(self) -> Any:
        """The connection of libvirt's on which the call is made."""
        return connection_of(self.raw)

    @property
    def on_domain(self) -> bool:
        """Whether the call is made on a domain."""
        return isinstance(self.raw, libvirt.virDomain)

    @property
    def uuid(self) -> str:
        """The domain's UUID, or an empty text for a call on something else."""
        return str(self.raw.UUIDString()) if self.on_domain else ""

    @property
    def name(self) -> str:
        """The domain's name, as the handle knows it."""
        return str(self.raw.name())

    def fact(self, method: str, *args: Any) -> Any:
        """Return what the domain truly answers, or nothing where it answers with an error or the call is on none."""
        if not self.on_domain:
            return None
        if self.known is None:
            return self._ask(method, args)
        if (method, args) not in self.known:
            self.known[method, args] = self._ask(method, args)
        return self.known[method, args]

    def _ask(self, method: str, args: tuple[Any, ...]) -> Any:
        try:
            return getattr(self.raw, method)(*args)
        except LibvirtError:
            return None

    @property
    def flags(self) -> int:
        """The flags of an undefine; the older call has none."""
        return int(self.args[0]) if self.method == "undefineFlags" else 0

    @property
    def asks_undefine(self) -> bool:
        """Whether the call is one of the two undefines."""
        return self.method in ("undefine", "undefineFlags")

    @property
    def undefines(self) -> bool:
        """Whether the call is an undefine that passes every check which comes before the domain's state is looked at.

        A vice that answers by itself leaves the rest to the driver: access, flags and the look-up are not its matter.
        """
        allowed = not self.read_only and not self.denied
        return self.asks_undefine and allowed and not self.flags & ~self.taken and self.exists

    @property
    def taken(self) -> int:
        """The flags that the driver takes."""
        return int(_TAKEN_BY_TEST) if self.connection.getType() == "TEST" else _KNOWN_FLAGS

    @property
    def exists(self) -> bool:
        """Whether the domain is there."""
        return self.fact("isActive") is not None

    @property
    def active(self) -> bool:
        """Whether the domain is there and runs, paused or not."""
        return bool(self.fact("isActive") == 1)

    @property
    def inactive(self) -> bool:
        """Whether the domain is there and does not run."""
        return bool(self.fact("isActive") == 0)

    @property
    def paused(self) -> bool:
        """Whether the domain runs and is paused."""
        return (self.fact("state") or (0,))[0] == PAUSED

    @property
    def transient(self) -> bool:
        """Whether the domain is there and has no definition."""
        return bool(self.fact("isPersistent") == 0)

    @property
    def image(self) -> bool:
        """Whether the domain has a managed save image."""
        return bool(self.fact("hasManagedSaveImage", 0) == 1)

    @property
    def snapshots(self) -> list[Any]:
        """The domain's snapshots."""
        return self.fact("listAllSnapshots", 0) or []

    @property
    def checkpoints(self) -> list[Any]:
        """The domain's checkpoints."""
        return self.fact("listAllCheckpoints", 0) or []

    @property
    def metadata(self) -> int:
        """The flags for the metadata that the domain has."""
        held = {Undefine.SNAPSHOTS_METADATA: self.snapshots, Undefine.CHECKPOINTS_METADATA: self.checkpoints}
        return sum(flag for flag, parts in held.items() if parts)

    @property
    def redefines(self) -> bool:
        """Whether the call defines a domain that is there already."""
        return self.method == "defineXML" and not self.read_only and self.look_up(self.defined[0]) is not None

    def look_up(self, uuid: str) -> Any:
        """Return the domain of a UUID, past the vice, or nothing where there is none."""
        try:
            return self.connection.lookupByUUIDString(uuid)
        except LibvirtError:
            return None

    @property
    def defined(self) -> tuple[str, str]:
        """The UUID and the name in the definition that the call brings."""
        uuid, name = (re.search(f"<{tag}>(.*?)</{tag}>", self.args[0]) for tag in ("uuid", "name"))
        return (uuid[1] if uuid else ""), (name[1] if name else "")


def connection_of(raw: Any) -> Any:
    """Return the connection that an object of libvirt's is, or belongs to."""
    return raw if isinstance(raw, libvirt.virConnect) else raw.connect()


def refuse(code: str, message: str) -> NoReturn:
    """Fail a call as a driver does.

    :param code: the error's name without VIR_ERR_.
    :raises libvirtError: always.
    """
    error = libvirt.libvirtError(message)
    number = getattr(libvirt, f"VIR_ERR_{code}")
    error.err = (number, libvirt.VIR_FROM_DOMAIN, message, libvirt.VIR_ERR_ERROR, "", None, None, 0, 0)
    raise error


def is_error(error: LibvirtError, code: str) -> bool:
    """Tell whether an error has a code, named without VIR_ERR_."""
    return bool(error.get_error_code() == getattr(libvirt, f"VIR_ERR_{code}"))
