"""Everything that a driver can show about one domain: the list of what is asked, and the comparison.

The list stands here once. The kit asks by it, the reproducer writes its questions from it,
and "nothing has changed" means that no answer on it differs.
Most facts are asked in two independent ways, by a call on the domain and by a list's filter,
as a driver that answers the one from memory and the other from disk can contradict itself.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from conformance.journal import Failure

#: An answer: what the call returned, in a comparable form, or the error that it raised.
Answer = str | int | bool | tuple[str, ...] | Failure

INACTIVE_XML = 2
SECURE_XML = 1


class Form(Enum):
    """How the value that a call returned becomes an answer."""

    PLAIN = auto()
    STATE = auto()
    UUID = auto()
    ID = auto()
    LISTED = auto()
    LISTED_NAME = auto()
    NAMES = auto()
    FILES = auto()
    FILE = auto()


@dataclass(frozen=True)
class Aspect:
    """One question: a method of the domain or of the connection, its arguments, and the capability it needs.

    The word ``UUID`` or ``NAME`` among the arguments stands for the domain's. The receiver ``host`` is asked by
    looking at its disks, see :mod:`conformance.driver.host`. A driver without the method is asked by the ``older`` one.
    """

    name: str
    receiver: str
    method: str
    args: tuple[object, ...]
    form: Form
    needs: str | None = None
    older: str = ""


def _domain(name: str, method: str, *args: object, form: Form = Form.PLAIN, needs: str | None = None) -> Aspect:
    return Aspect(name, "dom", method, args, form, needs)


def _listed(name: str, flag: int, needs: str | None = None) -> Aspect:
    return Aspect(f"listed as {name}", "conn", "listAllDomains", (flag,), Form.LISTED, needs)


def _on_host(name: str, method: str, form: Form, needs: str) -> Aspect:
    return Aspect(name, "host", method, (), form, needs)


#: The list; the numbers of ``_listed`` are values of virConnectListAllDomainsFlags.
ASPECTS: tuple[Aspect, ...] = (
    Aspect("look-up by UUID", "conn", "lookupByUUIDString", ("UUID",), Form.UUID),
    Aspect("look-up by name", "conn", "lookupByName", ("NAME",), Form.UUID),
    # A handle answers ID from its own memory; a fresh look-up has the driver's answer.
    Aspect("id", "conn", "lookupByUUIDString", ("UUID",), Form.ID),
    _domain("state", "state", 0, form=Form.STATE),
    _domain("active", "isActive"),
    _domain("persistent", "isPersistent", needs="persistence-query"),
    _domain("updated", "isUpdated"),
    _domain("live definition", "XMLDesc", 0),
    _domain("inactive definition", "XMLDesc", INACTIVE_XML),
    _domain("autostart", "autostart", needs="autostart"),
    _domain("autostart once", "autostartOnce", needs="autostart-once"),
    _domain("managed save image", "hasManagedSaveImage", 0, needs="managed-save"),
    _domain("definition in the image", "managedSaveGetXMLDesc", 0, needs="managed-save-xml"),
    _domain("snapshots", "snapshotNum", 0, needs="snapshot-metadata"),
    Aspect("snapshot names", "dom", "listAllSnapshots", (0,), Form.NAMES, "snapshot-metadata", "snapshotListNames"),
    _domain("checkpoint names", "listAllCheckpoints", 0, form=Form.NAMES, needs="checkpoint-metadata"),
    _listed("a domain", 0),
    _listed("active", 1),
    _listed("inactive", 2),
    _listed("persistent", 4),
    _listed("transient", 8),
    _listed("running", 16),
    _listed("paused", 32),
    _listed("set to autostart", 1024, "autostart"),
    _listed("having a managed save image", 256, "managed-save"),
    _listed("having a snapshot", 4096, "snapshot-metadata"),
    _listed("having a checkpoint", 1 << 14, "checkpoint-metadata"),
    _on_host("files on the host", "kept", Form.FILES, "host-evidence"),
    _on_host("TPM state", "tpm", Form.FILES, "tpm"),
    _on_host("nvram file", "nvram", Form.FILE, "nvram"),
    _on_host("disk image", "disk", Form.FILE, "host-files"),
)
#: The client asks for this list in two steps, and misses a name when others define domains in between.
#: It can show that a domain is still there, and is no part of a comparison.
DEFINED_NAMES = Aspect("defined names", "conn", "listDefinedDomains", (), Form.LISTED_NAME)
#: Parts of a driver's folders that hold what is no data: sockets and process numbers, messages, what can be made anew.
PASSING = ("run", "log", "cache", "dump")
BY_NAME: Mapping[str, Aspect] = {aspect.name: aspect for aspect in (*ASPECTS, DEFINED_NAMES)}


@dataclass(frozen=True)
class View:
    """The answers to every question that the driver can be asked, at one moment."""

    answers: Mapping[str, Answer]

    def __getitem__(self, name: str) -> Answer:
        return self.answers[name]

    def without_reason(self) -> View:
        """Return the view without the reason that the state gives, which tells of the past."""
        state = self.answers.get("state")
        return View({**self.answers, "state": state[:1]}) if isinstance(state, tuple) else self

    def get(self, name: str) -> Answer | None:
        """Return an answer, or nothing where the driver cannot be asked."""
        return self.answers.get(name)


@dataclass(frozen=True)
class Difference:
    """One question whose answer is another than it was."""

    aspect: str
    before: Answer
    after: Answer

    def __str__(self) -> str:
        if isinstance(self.before, str) and isinstance(self.after, str) and "\n" in self.before:
            return f"{self.aspect}: {_first_difference(self.before, self.after)}"
        return f"{self.aspect}: was {show(self.before)}, is {show(self.after)}"


def show(answer: Answer) -> str:
    """Return an answer for a person, long definitions shortened."""
    if isinstance(answer, tuple):
        return ", ".join(answer) or "none"
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    if isinstance(answer, str) and "\n" in answer:
        return f"a definition of {answer.count(chr(10))} lines"
    return str(answer)


def _first_difference(before: str, after: str) -> str:
    lines = [
        line[0] + line[1:].strip()
        for line in difflib.unified_diff(before.splitlines(), after.splitlines())
        if line[:1] in "+-" and line[:3] not in ("+++", "---")
    ]
    return "; ".join(lines[:4]) + (f" (and {len(lines) - 4} lines more)" if len(lines) > 4 else "")


def same(before: Answer, after: Answer) -> bool:
    """Tell whether two answers agree; of two errors only the codes count, as messages may hold numbers."""
    if isinstance(before, Failure) and isinstance(after, Failure):
        return before.code == after.code
    return before == after


def differences(before: View, after: View, names: Iterable[str] | None = None) -> list[Difference]:
    """Return the questions whose answers differ, in the order in which they are asked."""
    asked = before.answers if names is None else [name for name in names if name in before.answers]
    return [Difference(name, before[name], after[name]) for name in asked if not same(before[name], after[name])]
