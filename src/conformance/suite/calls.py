"""The calls that features name, as methods and arguments."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.errors import BadFeature
from conformance.flags import FORCE_BOOT, OPPOSITES, Undefine, beside, mixes, parse_flags
from conformance.machine import NO_SUCH_DISK, Hardware

if TYPE_CHECKING:
    from conformance.suite.case import Case


#: An undefineFlags call as features write it.
FLAGS_CALL = "undefineFlags with "
#: The words by which a feature asks for values that depend on the flags which the driver takes.
_BESIDE = re.compile(r"(?P<base>.+), and again with every other flag(?: except (?P<but>.+))? beside it")
_MIXES = re.compile(r"every mix of flags except (?P<but>.+)")
_TOGETHER = "every flag that goes together"

#: Gives the values that undefineFlags is called with in turn, from the flags that the driver takes.
Values = Callable[[Iterable[Undefine]], Iterable[int]]


@dataclass(frozen=True)
class Call:
    """A method, on the domain or on the connection, and how its arguments come from the scenario."""

    method: str
    args: Callable[[Case], tuple[object, ...]] = lambda _case: ()
    on: str = "domain"


def _zero(_case: Case) -> tuple[object, ...]:
    return (0,)


def _cannot_start(case: Case) -> tuple[object, ...]:
    return case.session.definition(case.subject.owned, Hardware(disk=NO_SUCH_DISK)), 0


def _other_uuid(case: Case) -> tuple[object, ...]:
    return case.session.definition(case.session.new_identity(case.subject.owned.name)), 0


def _file(case: Case) -> tuple[object, ...]:
    case.subject.file = case.session.files / "saved"
    return (str(case.subject.file),)


def _free_name(case: Case) -> tuple[object, ...]:
    free = case.session.new_identity()
    # The domain keeps its UUID, so it is this pair that has to be found by a clean-up.
    case.session.announce(free.name, case.subject.owned.uuid)
    return free.name, 0


CALLS: dict[str, Call] = {
    "undefine": Call("undefine"),
    "create": Call("create"),
    "createWithFlags with FORCE_BOOT": Call("createWithFlags", lambda _: (FORCE_BOOT,)),
    "destroy": Call("destroy"),
    "suspend": Call("suspend"),
    "resume": Call("resume"),
    "state": Call("state", _zero),
    "isActive": Call("isActive"),
    "isPersistent": Call("isPersistent"),
    "XMLDesc": Call("XMLDesc", _zero),
    "autostart": Call("autostart"),
    "setAutostart": Call("setAutostart", lambda _: (1,)),
    "save to a file": Call("save", _file),
    "managedSave": Call("managedSave", _zero),
    "hasManagedSaveImage": Call("hasManagedSaveImage", _zero),
    "managedSaveRemove": Call("managedSaveRemove", _zero),
    "managedSaveGetXMLDesc": Call("managedSaveGetXMLDesc", _zero),
    "managedSaveDefineXML": Call("managedSaveDefineXML", lambda case: (case.subject.xml, 0)),
    "snapshotNum": Call("snapshotNum", _zero),
    "snapshotCreateXML": Call("snapshotCreateXML", lambda _: ("<domainsnapshot/>", 0)),
    "checkpointCreateXML": Call("checkpointCreateXML", lambda _: ("<domaincheckpoint/>", 0)),
    "rename to a free name": Call("rename", _free_name),
    "rename to that name": Call("rename", lambda case: (case.other.owned.name, 0)),
    "defineXML with its definition": Call("defineXML", lambda case: (case.subject.xml,), "connection"),
    "createXML with its definition": Call("createXML", lambda case: (case.subject.xml, 0), "connection"),
    "createXML with a definition of it that cannot start": Call("createXML", _cannot_start, "connection"),
    "createXML with its name and another UUID": Call("createXML", _other_uuid, "connection"),
    "restore with that file": Call("restore", lambda case: (str(case.subject.file),), "connection"),
    "listAllDomains": Call("listAllDomains", _zero, "connection"),
    "domainEventRegisterAny": Call(
        "domainEventRegisterAny", lambda _: (None, 0, lambda *_args: None, None), "connection"
    ),
    "delete on the snapshot": Call("delete", _zero, "snapshot"),
    "delete on the checkpoint": Call("delete", _zero, "checkpoint"),
}


def find_values(text: str) -> Values | None:
    """Return the values of the calls that a feature asks for in one line, or nothing when it names one call.

    :raises BadFeature: when a word is no flag.
    """
    flags = text.removeprefix(FLAGS_CALL)
    if flags == text:
        return None
    if match := _BESIDE.fullmatch(flags):
        base, but = parse_flags(match["base"]), parse_flags(match["but"] or "no flag")
        return lambda taken: beside(base, [flag for flag in taken if not flag & but])
    if match := _MIXES.fullmatch(flags):
        but = parse_flags(match["but"])
        return lambda taken: mixes([flag for flag in taken if not flag & but])
    if flags == _TOGETHER:
        return lambda taken: [sum(flag for flag in taken if flag not in OPPOSITES.values())]
    return None


def find_call(text: str) -> Call:
    """Return the call that a feature names.

    :raises BadFeature: when it names none.
    """
    if text in CALLS:
        return CALLS[text]
    if text.startswith(FLAGS_CALL):
        value = parse_flags(text.removeprefix(FLAGS_CALL))
        return Call("undefineFlags", lambda _: (value,))
    raise BadFeature(f"no call is named {text!r}", remedy="see conformance/suite/calls.py for those there are")


def untaken(text: str, taken: Collection[Undefine]) -> list[str]:
    """Return the flags of a call that a driver does not take.

    :param text: the call, as the feature says it.
    :param taken: the flags that the driver takes.
    """
    if not text.startswith(FLAGS_CALL):
        return []
    flags = parse_flags(text.removeprefix(FLAGS_CALL))
    return [str(flag.name) for flag in Undefine if flag & flags and flag not in taken]
