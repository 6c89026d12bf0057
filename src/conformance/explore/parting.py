"""Where a driver and the model part: what is wrong with one operation of a life, and which rule it breaks.

A fault has a rule, or none: then the specification is silent on something that the model expects, and is said to be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from conformance.cell import FILES, KIND_OF, KINDS, Fault, by_kind, judge_call
from conformance.decision import EVENT_RULE
from conformance.explore.life import UNDEFINES, Kind, Op
from conformance.explore.model import OF_OTHER, Ending, Prediction
from conformance.explore.shown import Fact, expected, expected_of_namesake, facts_of, was_restored
from conformance.explore.world import World
from conformance.journal import Failure
from conformance.view import Difference, View, differences, show

#: What the specification does not speak of.
NO_RULE = ""


@dataclass(frozen=True)
class Sight:
    """What a driver shows at one moment: of the domain, and of its namesake where there ever was one."""

    own: View
    namesake: View | None = None


@dataclass(frozen=True)
class Identity:
    """The UUIDs of a life's two domains."""

    own: str
    namesake: str


@dataclass(frozen=True)
class Signature:
    """What makes two partings one: the rule, the operation, what went wrong, and what the domain was before."""

    rule: str
    operation: str
    sign: str
    phase: str

    def __str__(self) -> str:
        return f"{self.rule or 'no rule'}/{self.operation}/{self.phase}/{self.sign}"


def signature(fault: Fault, op: Op, before: World) -> Signature:
    """Return what a fault has in common with the same fault in another life."""
    return Signature(fault.rule, op.name, fault.sign, before.phase)


def judge(
    op: Op, before: World, prediction: Prediction, failure: Failure | None, seen: tuple[Sight, Sight], who: Identity
) -> list[Fault]:
    """Return what is wrong with one operation.

    :param before: the world by the model before the call.
    :param failure: the error with which the call ended, or nothing when it succeeded.
    :param seen: what the driver showed before the call and after it.
    """
    earlier, later = seen
    if op.kind in UNDEFINES and prediction.decision is not None:
        faults = judge_call(prediction.decision, str(op), failure, earlier.own, later.own, None)
        if faults:
            return faults
    if failure is not None:
        return [*_failed(op, prediction, failure), *_changed(op, prediction, earlier, later)]
    if prediction.ending is Ending.FAILURE:
        return [Fault(prediction.rule, "succeeded", f"{op} fails", "it succeeded", _lookups())]
    return list(_after(op, before, prediction, earlier, later, who))


def _lookups() -> tuple[str, ...]:
    return ("look-up by UUID", "state", "persistent")


def _failed(op: Op, prediction: Prediction, failure: Failure) -> Iterator[Fault]:
    if prediction.ending is Ending.SUCCESS:
        yield Fault(prediction.rule, f"failed with {failure.name}", f"{op} succeeds", f"it failed with {failure}")
    elif prediction.codes and failure.name not in prediction.codes:
        wanted = f"{op} fails with {' or '.join(prediction.codes)}"
        yield Fault(prediction.code_rule, f"wrong code {failure.name}", wanted, f"it failed with {failure}")


def _changed(op: Op, prediction: Prediction, earlier: Sight, later: Sight) -> Iterator[Fault]:
    """Yield what a call has changed that failed."""
    wanted = f"everything is as it was before {op}, which failed"
    for whose, before, after in (
        ("", earlier.own, later.own),
        (OF_OTHER, earlier.namesake, later.namesake),
    ):
        if before is None or after is None:
            continue
        found = differences(before.without_reason(), after.without_reason(), _asked_in(before, after))
        for kind, changes in _gravest(by_kind(found)).items():
            said = "; ".join(map(str, changes))
            aspects = tuple(change.aspect for change in changes) if not whose else ()
            yield Fault(prediction.unchanged, f"changed {kind}{whose}", wanted, f"{said}{whose}", aspects)


def _asked_in(before: View, after: View) -> list[str]:
    # A domain that was never made was asked nothing.
    return [name for name in before.answers if name in after.answers]


def _gravest(kinds: Mapping[str, list[Difference]]) -> dict[str, list[Difference]]:
    """Return what is told of: of a domain that is gone, or does not run, everything else differs too."""
    for kind in ("place", "run state"):
        if kind in kinds:
            return {kind: kinds[kind]}
    return dict(kinds)


def _after(
    op: Op, before: World, prediction: Prediction, earlier: Sight, later: Sight, who: Identity
) -> Iterator[Fault]:
    """Yield what is not as it has to be after a call that succeeded."""
    world = prediction.after
    shown = facts_of(later.own, who.own)
    wrong = dict(_wrong(expected(world), shown))
    yield from _by_kind(op, prediction, wrong, shown, "")
    if not wrong and not (moved := _moved_guest(op, before, prediction, earlier.own, later.own)):
        if prediction.restored is not None:
            yield from _boot(op, prediction, later)
    elif not wrong:
        said = "; ".join(map(str, moved))
        rule = prediction.blames.get("guest", NO_RULE)
        yield Fault(
            rule, "changed guest", f"the guest goes on as it was over {op}", said, tuple(each.aspect for each in moved)
        )
    if later.namesake is not None:
        shown = facts_of(later.namesake, who.namesake)
        wrong = dict(_wrong(expected_of_namesake(world), shown))
        yield from _by_kind(op, prediction, wrong, shown, OF_OTHER)


def _wrong(wanted: Mapping[str, Fact], shown: Mapping[str, Fact]) -> Iterator[tuple[str, Fact]]:
    for name, fact in wanted.items():
        if name in shown and shown[name] != fact:
            yield name, fact


def _by_kind(
    op: Op, prediction: Prediction, wrong: Mapping[str, Fact], shown: Mapping[str, Fact], whose: str
) -> Iterator[Fault]:
    """Yield the gravest of what is wrong: the rest mostly follows from it."""
    for kind in (*KINDS, FILES):
        names = [name for name in wrong if (kind == FILES and name == FILES) or KIND_OF.get(name) == kind]
        if not names:
            continue
        observed = "; ".join(f"{name} is {_say(name, shown[name])}" for name in names)
        words = "files" if kind == FILES else kind
        rule = prediction.blames.get(f"{words}{whose}", NO_RULE)
        wanted = f"after {op}, {'; '.join(f'{name} is {_say(name, wrong[name])}' for name in names)}{whose}"
        yield Fault(rule, f"other {words}{whose}", wanted, f"{observed}{whose}", () if whose else tuple(names))
        return


def _say(name: str, fact: Fact) -> str:
    if "definition" in name and isinstance(fact, int):
        return f"edition {fact}"
    return show(fact)


#: By these a guest is known to be the one that it was.
_GUEST = ("id", "live definition")


def _moved_guest(op: Op, before: World, prediction: Prediction, earlier: View, later: View) -> list[Difference]:
    """Return what differs of a guest that runs on."""
    after = prediction.after
    if before.state is None or after.state is None or not (before.state.active and after.state.active):
        return []
    # A driver writes the live definition down when it ends, and may word it anew when it has read it.
    names = _GUEST[:1] if op.kind is Kind.RESTART else _GUEST
    return differences(earlier, later, [name for name in names if name in later.answers])


def _boot(op: Op, prediction: Prediction, later: Sight) -> Iterator[Fault]:
    """Yield whether a guest was restored that had to boot afresh, or the other way round."""
    namesake = op.kind is Kind.START_NAMESAKE
    view = later.namesake if namesake else later.own
    restored = None if view is None else was_restored(view)
    if restored is None or restored is prediction.restored:
        return
    words = {True: "is restored from the image", False: "boots afresh"}
    whose = OF_OTHER if namesake else ""
    rule = prediction.blames.get(f"boot{whose}", NO_RULE)
    aspects = () if namesake else ("state",)
    wanted, said = words[bool(prediction.restored)], words[restored]
    yield Fault(rule, f"other boot{whose}", f"by {op} the guest{whose} {wanted}", f"it {said}", aspects)


def judge_told(undefines: int, told: list[str]) -> list[Fault]:
    """Return what is wrong with the events of a life.

    :param undefines: how often the domain was undefined with success.
    :param told: the events about it.
    """
    found = [event for event in told if event == "UNDEFINED (detail 0)"]
    if len(found) == undefines:
        return []
    wanted = f"{undefines} UNDEFINED events with the detail REMOVED (0) are sent in this life"
    return [Fault(EVENT_RULE, "other events", wanted, f"there were {len(found)}")]
