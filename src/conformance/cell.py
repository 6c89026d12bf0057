"""What a driver did with one call, held against what the decision demands: the faults, each of one rule.

One fault is to convict one rule, and the same fault in a thousand cells is to be one conviction.
So a fault has a *sign*: what went wrong, in words in which nothing of the single cell stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from conformance.decision import EVENT_RULE, Decision, Fate, Holding, Outcome
from conformance.journal import Failure
from conformance.view import Answer, Difference, View, differences, show

#: What a driver shows of a domain, by what the questions are about.
KINDS: Mapping[str, tuple[str, ...]] = {
    "place": ("look-up by UUID", "look-up by name", "listed as a domain"),
    "run state": (
        "id", "state", "active", "listed as active", "listed as inactive", "listed as running", "listed as paused",
    ),
    "persistence": ("persistent", "listed as persistent", "listed as transient"),
    "definition": ("live definition", "inactive definition", "updated"),
    "autostart": ("autostart", "autostart once", "listed as set to autostart"),
    "image": ("managed save image", "listed as having a managed save image", "definition in the image"),
    "snapshots": ("snapshots", "snapshot names", "listed as having a snapshot"),
    "checkpoints": ("checkpoint names", "listed as having a checkpoint"),
    "nvram file": ("nvram file",),
    "TPM state": ("TPM state",),
    "disk": ("disk image",),
}  # fmt: skip
KIND_OF = {name: kind for kind, names in KINDS.items() for name in names}
#: The files say once more what another answer has said; alone they are a kind of their own.
FILES = "files on the host"
_KIND_OF_HOLDING = {
    Holding.IMAGE: "image",
    Holding.SNAPSHOT: "snapshots",
    Holding.CHECKPOINT: "checkpoints",
    Holding.NVRAM: "nvram file",
    Holding.TPM: "TPM state",
}
_METADATA = (Holding.SNAPSHOT, Holding.CHECKPOINT)
#: The sign of a fault that only events show.
SENT_EVENT = "sent an event"
_LOOK_UPS = ("look-up by UUID", "look-up by name")
_GONE_BY_HANDLE = ("state", "active", "inactive definition")
_GUEST = (*KINDS["place"], "id", "state", "active", "live definition", *KINDS["run state"][3:])
_TRANSIENT: Mapping[str, Answer] = {
    "persistent": 0,
    "listed as a domain": True,
    "listed as persistent": False,
    "listed as transient": True,
}
_NOTHING: Mapping[str, Answer] = {
    "managed save image": 0,
    "listed as having a managed save image": False,
    "snapshots": 0,
    "snapshot names": (),
    "listed as having a snapshot": False,
    "checkpoint names": (),
    "listed as having a checkpoint": False,
    "TPM state": (),
    "nvram file": "missing",
}


@dataclass(frozen=True)
class Fault:
    """One thing that a driver did and may not do.

    :param rule: the rule that it breaks.
    :param sign: what went wrong, the same wherever the same went wrong.
    :param expected: what the rule demands here, one clause.
    :param observed: what the driver showed instead.
    :param aspects: the questions that show it.
    """

    rule: str
    sign: str
    expected: str
    observed: str
    aspects: tuple[str, ...] = ()


def is_missing(answer: Answer | None) -> bool:
    """Tell whether an answer is that there is no such domain."""
    return isinstance(answer, Failure) and answer.name == "NO_DOMAIN"


def judge_call(
    decision: Decision, call: str, failure: Failure | None, before: View, after: View, events: Sequence[str] | None
) -> list[Fault]:
    """Return what is wrong with one call of undefine and what it left.

    :param call: the call for a person, such as ``undefineFlags with NVRAM``.
    :param failure: the error with which it ended, or nothing when it succeeded.
    :param events: what the connection was told about the domain since the call, or nothing where that is not known.
    """
    if failure is not None:
        return [*_refusal(decision, call, failure), *_changes(decision, call, before, after, events or ())]
    if decision.refused:
        return [Fault(decision.blamed, "succeeded", f"{call} is refused", "it succeeded", (*_LOOK_UPS, "persistent"))]
    judge = _removed if decision.outcome is Outcome.REMOVED else _goes_on
    # What was told of something that was not done as it ought to be is no fault of its own.
    return list(judge(decision, before, after)) or list(_told(events))


def _refusal(decision: Decision, call: str, failure: Failure) -> Iterator[Fault]:
    """Yield whether a call may be refused, and with this code."""
    if not decision.refused:
        yield Fault(decision.blamed, f"refused with {failure.name}", f"{call} succeeds", f"it failed with {failure}")
    elif decision.codes and failure.name not in decision.codes:
        expected = f"{call} fails with {' or '.join(decision.codes)}"
        yield Fault(decision.code_rule, f"wrong code {failure.name}", expected, f"it failed with {failure}")


def _changes(decision: Decision, call: str, before: View, after: View, events: Sequence[str]) -> Iterator[Fault]:
    """Yield what a refusal has changed, each kind of thing on its own: each may have a cause of its own."""
    rule = decision.unchanged or "UNDEF-028"
    expected = f"everything is as it was before {call}"
    changed = by_kind(differences(before, after))
    if "place" in changed:
        # Of a domain that is gone everything else has changed as well.
        changed = {"place": changed["place"]}
    for kind, found in changed.items():
        yield Fault(rule, f"changed {kind}", expected, _say(found), tuple(d.aspect for d in found))
    if events and not changed:
        yield Fault(rule, SENT_EVENT, "no event is sent", f"the driver sent {', '.join(events)}")


def by_kind(found: Iterable[Difference]) -> dict[str, list[Difference]]:
    """Return differences by what they are about; files alone are a kind, beside another they say it once more."""
    kinds: dict[str, list[Difference]] = {}
    for difference in found:
        kinds.setdefault(KIND_OF.get(difference.aspect, difference.aspect), []).append(difference)
    if len(kinds) > 1:
        kinds.pop(FILES, None)
    return kinds


def _say(found: Iterable[Difference]) -> str:
    return "; ".join(str(difference) for difference in found)


def _removed(decision: Decision, before: View, after: View) -> Iterator[Fault]:
    """Yield what is still there of a domain that had to be removed."""
    yield from _gone(decision.blamed, "still there", after)
    for holding in (Holding.NVRAM, Holding.TPM):
        if holding in decision.fates:
            yield from _fate(holding, *decision.fates[holding], before, after)


def _gone(rule: str, sign: str, view: View) -> Iterator[Fault]:
    asked = [name for name in (*_LOOK_UPS, *_GONE_BY_HANDLE) if view.get(name) is not None]
    left = [name for name in asked if not is_missing(view[name])]
    left += [name for name, answer in view.answers.items() if name.startswith("listed as ") and answer]
    if left:
        observed = "; ".join(f"{name} is {show(view[name])}" for name in left)
        yield Fault(
            rule, sign, "every look-up and call fails with NO_DOMAIN, and no list shows it", observed, tuple(left)
        )
    elif view.get(FILES):
        observed = f"{FILES}: {show(view[FILES])}"
        yield Fault(rule, f"{sign}: files", "no file of it is on the host", observed, (FILES,))


def _goes_on(decision: Decision, before: View, after: View) -> Iterator[Fault]:
    """Yield what is wrong with a domain whose guest goes on as a transient one."""
    rule = decision.blamed
    changed = differences(before, after, _GUEST)
    if changed:
        aspects = tuple(difference.aspect for difference in changed)
        yield Fault(rule, "changed guest", "the guest goes on as it was", _say(changed), aspects)
        if is_missing(after.get("look-up by UUID")):
            return
    yield from _other(rule, "not transient", "the domain is transient", after, _TRANSIENT)
    for holding, (fate, fate_rule) in decision.fates.items():
        yield from _fate(holding, fate, fate_rule, before, after)


def _fate(holding: Holding, fate: Fate, rule: str, before: View, after: View) -> Iterator[Fault]:
    """Yield what is wrong with something that a domain held, as long as nothing has happened since the call."""
    kind = _KIND_OF_HOLDING[holding]
    names = KINDS[kind]
    if fate is Fate.AS_DEFINED:
        return
    if fate is Fate.REMOVED:
        wanted = {name: _NOTHING[name] for name in names if name in _NOTHING}
        yield from _other(rule, f"left {kind}", f"no {kind} is left", after, wanted)
    elif found := differences(before, after, names):
        aspects = tuple(difference.aspect for difference in found)
        yield Fault(rule, f"changed {kind}", f"{kind}: {fate}", _say(found), aspects)


def _other(rule: str, sign: str, expected: str, view: View, wanted: Mapping[str, Answer]) -> Iterator[Fault]:
    """Yield a fault unless the questions that could be asked have the wanted answers."""
    asked = View({name: answer for name, answer in wanted.items() if view.get(name) is not None})
    if found := differences(asked, view):
        observed = "; ".join(f"{difference.aspect} is {show(difference.after)}" for difference in found)
        yield Fault(rule, sign, expected, observed, tuple(difference.aspect for difference in found))


def _told(events: Sequence[str] | None) -> Iterator[Fault]:
    undefined = [event for event in events or () if event.startswith("UNDEFINED")]
    if events is not None and undefined != ["UNDEFINED (detail 0)"]:
        observed = f"it got {', '.join(undefined) or 'none'}"
        yield Fault(EVENT_RULE, "other events", "conn gets one UNDEFINED event with the detail REMOVED (0)", observed)


def judge_heir(decision: Decision, view: View) -> list[Fault]:
    """Return what a domain defined again under the name and UUID of one that is gone has inherited.

    What the decision left of set purpose, such as an nvram file, is no inheritance.
    """
    faults: list[Fault] = []
    for holding, (fate, rule) in decision.fates.items():
        if fate in (Fate.REMOVED, Fate.UNTIL_HALT) and holding in (Holding.IMAGE, *_METADATA):
            kind = _KIND_OF_HOLDING[holding]
            wanted = {name: _NOTHING[name] for name in KINDS[kind] if name in _NOTHING}
            faults += _other(rule, f"left {kind} to its heir", f"a domain defined again holds no {kind}", view, wanted)
    return faults


def judge_halted(decision: Decision, before: View, after: View) -> list[Fault]:
    """Return what is wrong once the guest has halted that undefine had left running."""
    faults = list(_gone("UNDEF-003", "still there after its halt", after))
    if Holding.TPM in decision.fates:
        fate, rule = decision.fates[Holding.TPM]
        if fate is Fate.UNTIL_HALT:
            faults += _fate(Holding.TPM, Fate.REMOVED, rule, before, after)
        elif fate is Fate.BEYOND_HALT:
            faults += _fate(Holding.TPM, fate, rule, before, after)
    return faults
