"""What a Then says when it convicts: what the rule demands, what was seen instead, and how to see it again."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.journal import Entry
from conformance.view import PASSING, Aspect, Form


@dataclass(frozen=True)
class Look:
    """A question that shows a violation: a label and a Python expression over the reproducer's objects."""

    label: str
    expression: str


@dataclass(frozen=True)
class Race:
    """Two calls at the same moment that a violation came of, and how to hold them again.

    :param set_up: the calls that brought the domain into its situation.
    :param calls: the two calls.
    :param shown: in how many rounds of how many the violation was seen.
    :param span: how long the longer of the two calls took, in seconds.
    :param uuid: the domain's UUID.
    """

    set_up: tuple[Entry, ...]
    calls: tuple[Entry, ...]
    shown: str
    span: float
    uuid: str


class Violation(AssertionError):
    """The driver broke the rule that the scenario is about.

    :param expected: what the rule demands here, one clause.
    :param observed: what the driver showed instead.
    :param looks: the questions whose answers are the violation.
    :param race: the calls at one moment that it came of, which a script has to make many times.
    """

    def __init__(self, expected: str, observed: str, looks: tuple[Look, ...] = (), race: Race | None = None) -> None:
        super().__init__(f"expected: {expected}; observed: {observed}")
        self.expected = expected
        self.observed = observed
        self.looks = looks
        self.race = race


class NotRefused(Exception):
    """A rule about refusals met a call that was not refused, which is for another rule to judge."""


def look_at(aspect: Aspect, *, uuid: str, name: str, dom: str = "dom", conn: str = "conn") -> Look:
    """Return an aspect of a domain as a question that a script can ask."""
    if aspect.receiver == "host":
        return Look(aspect.name, _on_host(aspect, uuid, name))
    receiver = dom if aspect.receiver == "dom" else conn
    given = {"UUID": repr(uuid), "NAME": repr(name)}
    args = ", ".join(given.get(str(arg), repr(arg)) for arg in aspect.args)
    call = f"{receiver}.{aspect.method}({args})"
    match aspect.form:
        case Form.UUID:
            call += ".UUIDString()"
        case Form.ID:
            call += ".ID()"
        case Form.LISTED:
            call = f"{uuid!r} in [d.UUIDString() for d in {call}]"
        case Form.LISTED_NAME:
            call = f"{name!r} in {call}"
        case Form.NAMES:
            call = f"[item.getName() for item in {call}]"
    return Look(aspect.name, call)


def _on_host(aspect: Aspect, uuid: str, name: str) -> str:
    """Return a question to the host's disks as an expression over the script's folder or the driver's places."""
    if aspect.form is Form.FILE:
        return f"(folder / '{uuid}.{aspect.method}').exists()"
    conditions = [
        "(p.is_symlink() or not p.is_dir())",
        f"not any(part in {PASSING!r} or part[0] == '.' for part in p.relative_to(place).parts)",
        "'tpm' in str(p.parent)" if aspect.method == "tpm" else "'tpm' not in str(p.parent)",
        f"({uuid!r} in str(p) or {name!r} in str(p))",
    ]
    return f"[str(p) for place in places for p in pathlib.Path(place).rglob('*') if {' and '.join(conditions)}]"
