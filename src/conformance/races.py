"""How two calls on one domain may end when they are made at the same moment.

The contract knows no *at once*: two calls end as if one had come after the other, in either order.
So what one call does alone, in each state, stands here as a table, and what two may come to follows from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from conformance.situations import Situation
from conformance.view import Answer, View, show

#: The code by which a driver says that it waited for the other call and gave up.
GAVE_UP = "OPERATION_TIMEOUT"
#: Stands for any code: what a call other than undefine fails with is not this contract's to say, and with which code
#: an undefine is refused for the domain's state is less binding than that two calls end in order.
REFUSED = "refused"
UNDEFINES = ("undefine", "undefineFlags")


class Left(StrEnum):
    """What a domain is before a race or after it, as far as one of the calls makes a difference."""

    GONE = "gone"
    INACTIVE = "inactive"
    SAVED = "inactive with a managed save image"
    RUNNING = "running and persistent"
    REMAINDER = "running and transient"


_UNDEFINE: Mapping[Left, tuple[str, Left]] = {
    Left.GONE: ("NO_DOMAIN", Left.GONE),
    Left.INACTIVE: ("", Left.GONE),
    Left.SAVED: (REFUSED, Left.SAVED),
    Left.RUNNING: ("", Left.REMAINDER),
    Left.REMAINDER: (REFUSED, Left.REMAINDER),
}
#: By call, as features write it, and by state: the code of its failure, empty for success, and the state after it.
ALONE: Mapping[str, Mapping[Left, tuple[str, Left]]] = {
    "undefine": _UNDEFINE,
    "undefineFlags with no flag": _UNDEFINE,
    "undefineFlags with MANAGED_SAVE": {**_UNDEFINE, Left.SAVED: ("", Left.GONE)},
    "create": {
        Left.GONE: ("NO_DOMAIN", Left.GONE),
        Left.INACTIVE: ("", Left.RUNNING),
        Left.SAVED: ("", Left.RUNNING),
        Left.RUNNING: (REFUSED, Left.RUNNING),
        Left.REMAINDER: (REFUSED, Left.REMAINDER),
    },
    "destroy": {
        Left.GONE: ("NO_DOMAIN", Left.GONE),
        Left.INACTIVE: (REFUSED, Left.INACTIVE),
        Left.SAVED: (REFUSED, Left.SAVED),
        Left.RUNNING: ("", Left.INACTIVE),
        Left.REMAINDER: ("", Left.GONE),
    },
    "managedSave": {
        Left.GONE: ("NO_DOMAIN", Left.GONE),
        Left.INACTIVE: (REFUSED, Left.INACTIVE),
        Left.SAVED: (REFUSED, Left.SAVED),
        Left.RUNNING: ("", Left.SAVED),
        Left.REMAINDER: (REFUSED, Left.REMAINDER),
    },
    "defineXML with its definition": {
        Left.GONE: ("", Left.INACTIVE),
        Left.INACTIVE: ("", Left.INACTIVE),
        Left.SAVED: ("", Left.SAVED),
        Left.RUNNING: ("", Left.RUNNING),
        Left.REMAINDER: ("", Left.RUNNING),
    },
}


@dataclass(frozen=True)
class Ending:
    """One way for two calls to end: the code of each call's failure, empty for success, and what is left."""

    first: str
    second: str
    left: Left

    def __str__(self) -> str:
        return f"{_result(self.first)} and {_result(self.second)}, then {self.left}"

    def of(self, first: str, second: str) -> str:
        """Return the ending as a clause about two calls."""
        return f"{first}: {_result(self.first)}, {second}: {_result(self.second)}; the domain is {self.left}"


def _result(code: str) -> str:
    return code or "success"


def start_of(situation: Situation) -> Left:
    """Return the state in which a race over a domain begins."""
    if situation.active:
        return Left.REMAINDER if situation.transient else Left.RUNNING
    return Left.SAVED if situation.image else Left.INACTIVE


def endings(start: Left, first: str, second: str) -> tuple[Ending, ...]:
    """Return every ending that the contract allows, each once: first those of two calls that were both carried out.

    A call can also be told that it came at a bad moment; it has changed nothing then, and nothing is lost by it.
    """
    return tuple(dict.fromkeys((*serial_endings(start, first, second), *_not_made(start, first, second))))


def serial_endings(start: Left, first: str, second: str) -> tuple[Ending, ...]:
    """Return how two calls end one after the other, in either order."""
    one, between = ALONE[first][start]
    two, left = ALONE[second][between]
    turned_two, between = ALONE[second][start]
    turned_one, turned_left = ALONE[first][between]
    return tuple(dict.fromkeys((Ending(one, two, left), Ending(turned_one, turned_two, turned_left))))


def _not_made(start: Left, first: str, second: str) -> Iterator[Ending]:
    code, left = ALONE[first][start]
    yield Ending(code, _bad_moment(second), left)
    code, left = ALONE[second][start]
    yield Ending(_bad_moment(first), code, left)


def _bad_moment(call: str) -> str:
    return GAVE_UP if is_undefine(call) else REFUSED


def is_undefine(call: str) -> bool:
    """Tell whether a call, as features write it, is one of the two undefines."""
    return call.partition(" ")[0] in UNDEFINES


def is_allowed(seen: Ending, allowed: tuple[Ending, ...]) -> bool:
    """Tell whether what was seen is one of the endings; where one of them leaves a code open, any code will do."""
    return any(
        seen.left == ending.left and _agrees(seen.first, ending.first) and _agrees(seen.second, ending.second)
        for ending in allowed
    )


def _agrees(seen: str, wanted: str) -> bool:
    return bool(seen) if wanted == REFUSED else seen == wanted


def accepts_remainder(seen: Ending, first: str, second: str) -> bool:
    """Tell whether two undefines of an active domain both succeeded.

    A driver that lets a remainder be undefined ends so also when one call comes after the other.
    """
    return is_undefine(first) and is_undefine(second) and seen == Ending("", "", Left.REMAINDER)


_LISTED = ("a domain", "active", "inactive", "persistent", "transient", "running")


def _expected(left: Left) -> dict[str, Answer]:
    """Return the answers by which a state is known, those that say that there is a domain left out."""
    active = left in (Left.RUNNING, Left.REMAINDER)
    persistent = left is not Left.REMAINDER
    answers: dict[str, Answer] = {
        "active": int(active),
        "persistent": int(persistent),
        "managed save image": int(left is Left.SAVED),
        "listed as having a managed save image": left is Left.SAVED,
    }
    listed = (True, active, not active, persistent, not persistent, active)
    return answers | {f"listed as {name}": shown for name, shown in zip(_LISTED, listed, strict=True)}


#: The questions that a race is judged by, those about the guest apart.
QUESTIONS = ("look-up by UUID", "look-up by name", *_expected(Left.RUNNING))


def left_of(view: View) -> Left | None:
    """Return the state that a driver shows, or nothing where its answers contradict each other."""
    for left in Left:
        if _is_gone(view) if left is Left.GONE else _is(view, left):
            return left
    return None


def _is(view: View, left: Left) -> bool:
    wanted = _expected(left)
    there = all(isinstance(view.get(name), str) for name in QUESTIONS[:2])
    return there and all(view.get(name) in (None, answer) for name, answer in wanted.items())


def _is_gone(view: View) -> bool:
    for name in QUESTIONS:
        answer = view.get(name)
        code = getattr(answer, "name", "")
        # A list that cannot be had shows nobody; a question that cannot be asked says nothing.
        if answer is not None and answer is not False and code != "NO_DOMAIN":
            return False
    return True


def contradiction(view: View) -> str:
    """Return the answers of a driver whose answers fit no state."""
    shown = ((name, view.get(name)) for name in QUESTIONS)
    return "; ".join(f"{name}: {show(answer)}" for name, answer in shown if answer is not None)


#: How far into the other call's time a call begins, in the order in which rounds try it: the positive delay the
#: second call, the negative the first. Rounds can end at any point, so the wide steps come first.
DELAYS = (
    0.0, 0.5, -0.5, 0.1, -0.1, 0.9, -0.9, 0.25, -0.25, 0.75,
    -0.75, 0.02, -0.02, 0.98, -0.98, 0.4, -0.4, 0.6, -0.6, 0.0,
)  # fmt: skip
