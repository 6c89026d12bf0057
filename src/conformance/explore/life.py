"""A life of a domain: what its clients do to it, one operation after the other.

A life is a value: it is drawn, shrunk, compared, sent from one process to another and kept in a report.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from conformance.flags import describe_flags


class Kind(StrEnum):
    """What a client can do, in the order in which a shrunk life prefers it."""

    DEFINE = "defineXML"
    START = "create"
    STOP = "destroy"
    UNDEFINE = "undefine"
    UNDEFINE_FLAGS = "undefineFlags"
    SUSPEND = "suspend"
    RESUME = "resume"
    SAVE = "managedSave"
    REMOVE_IMAGE = "managedSaveRemove"
    AUTOSTART_ON = "setAutostart(1)"
    AUTOSTART_OFF = "setAutostart(0)"
    TAKE_SNAPSHOT = "snapshotCreateXML"
    DROP_SNAPSHOT = "snapshot.delete"
    TAKE_CHECKPOINT = "checkpointCreateXML"
    DROP_CHECKPOINT = "checkpoint.delete"
    CREATE = "createXML"
    RENAME = "rename"
    START_PAUSED = "createWithFlags with START_PAUSED"
    CREATE_PAUSED = "createXML with START_PAUSED"
    FORCE_BOOT = "createWithFlags with FORCE_BOOT"
    DEFINE_NAMESAKE = "defineXML of a namesake"
    START_NAMESAKE = "create of the namesake"
    STOP_NAMESAKE = "destroy of the namesake"
    UNDEFINE_NAMESAKE = "undefine of the namesake"
    RECONNECT = "close, and open anew"
    RESTART = "a restart of the driver"


#: The capability without which a driver has no such operation.
NEEDS: dict[Kind, str] = {
    Kind.START: "start",
    Kind.STOP: "start",
    Kind.UNDEFINE_FLAGS: "undefine-flags",
    Kind.SUSPEND: "pause",
    Kind.RESUME: "pause",
    Kind.SAVE: "managed-save",
    Kind.REMOVE_IMAGE: "managed-save",
    Kind.AUTOSTART_ON: "autostart",
    Kind.AUTOSTART_OFF: "autostart",
    Kind.TAKE_SNAPSHOT: "snapshot-metadata",
    Kind.DROP_SNAPSHOT: "snapshot-metadata",
    Kind.TAKE_CHECKPOINT: "checkpoint-metadata",
    Kind.DROP_CHECKPOINT: "checkpoint-metadata",
    Kind.CREATE: "transient",
    Kind.CREATE_PAUSED: "transient",
    Kind.RENAME: "rename",
    Kind.START_PAUSED: "start",
    Kind.FORCE_BOOT: "force-boot",
    Kind.START_NAMESAKE: "start",
    Kind.STOP_NAMESAKE: "start",
    Kind.RECONNECT: "second-connection",
    Kind.RESTART: "restart",
}
#: What is done to another domain, one that would like to have the name.
OF_NAMESAKE = (Kind.DEFINE_NAMESAKE, Kind.START_NAMESAKE, Kind.STOP_NAMESAKE, Kind.UNDEFINE_NAMESAKE)
UNDEFINES = (Kind.UNDEFINE, Kind.UNDEFINE_FLAGS)
#: What is done on a connection, and needs no handle of the domain.
ON_CONNECTION = (Kind.DEFINE, Kind.CREATE, Kind.CREATE_PAUSED, Kind.RECONNECT, Kind.RESTART, *OF_NAMESAKE)
#: What cannot be done through another connection than the first.
_FIRST_ONLY = (Kind.RECONNECT, Kind.RESTART, *OF_NAMESAKE)


@dataclass(frozen=True, slots=True)
class Op:
    """One operation.

    :param flags: of undefineFlags; every other operation has none, or those that its kind names.
    :param second: whether it is done through a second connection, with that one's own handle.
    """

    kind: Kind
    flags: int = 0
    second: bool = False

    def __str__(self) -> str:
        words = (
            f"{self.kind} with {describe_flags(self.flags)}" if self.kind is Kind.UNDEFINE_FLAGS else self.kind.value
        )
        return f"{words}, on a second connection" if self.second else words

    @property
    def name(self) -> str:
        """What is done, whichever of several calls does it: the two undefines are one."""
        return Kind.UNDEFINE.value if self.kind in UNDEFINES else self.kind.value

    @property
    def code(self) -> str:
        """The operation in a few letters, which :func:`parse_life` reads again."""
        return f"{self.kind.name}:{self.flags:x}{'+' if self.second else ''}"


def can_be_second(kind: Kind) -> bool:
    """Tell whether an operation can be done through a second connection as well."""
    return kind not in _FIRST_ONLY


Life = tuple[Op, ...]


def life_code(life: Iterable[Op]) -> str:
    """Return a life in letters."""
    return " ".join(op.code for op in life)


def parse_life(code: str) -> Life:
    """Return the life that :func:`life_code` wrote down."""
    life = []
    for word in code.split():
        name, _, rest = word.partition(":")
        life.append(Op(Kind[name], int(rest.rstrip("+"), 16), rest.endswith("+")))
    return tuple(life)
