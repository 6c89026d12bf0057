"""The undefine contract as one function: what has to become of a domain, from what it is, what it holds, and the flags.

The contract is a decision, so it can be decided whole: 160 kinds of domain times 128 values of the flags, each also
with a bit that libvirt does not define. ``spec/undefine-decision.md`` shows the function to people, ``run`` holds
drivers against it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from conformance.flags import Undefine, opposed

#: Every flag that libvirt defines.
KNOWN = sum(Undefine)
#: The bit that stands for all that libvirt does not define: the lowest.
UNKNOWN_BIT = 1 << len(Undefine)

#: The rules that a driver can break by what it does with one call, in the order of their ids.
RULES = tuple(
    f"UNDEF-{number:03}" for number in (1, 2, 3, 7, 11, 12, 13, 14, 15, 17, 18, 19, 20, 21, 22, 24, 25, 26, 27, 28, 29)
)
#: The rule about what is told of a success.
EVENT_RULE = "UNDEF-029"
INVALID_ARG, OPERATION_INVALID = "INVALID_ARG", "OPERATION_INVALID"


class State(StrEnum):
    """Whether a domain runs, and whether it has a definition, in the words of :mod:`conformance.situations`."""

    INACTIVE = "inactive"
    RUNNING = "running"
    PAUSED = "paused"
    RUNNING_CREATED = "running and transient"
    PAUSED_CREATED = "paused and transient"
    RUNNING_REMAINDER = "running and made transient by undefine"
    PAUSED_REMAINDER = "paused and made transient by undefine"

    @property
    def active(self) -> bool:
        """Whether the domain runs, paused or not."""
        return self is not State.INACTIVE

    @property
    def transient(self) -> bool:
        """Whether the domain has no definition."""
        return self not in (State.INACTIVE, State.RUNNING, State.PAUSED)


class Holding(StrEnum):
    """What a domain can hold beside its definition; the names are fields of a situation."""

    IMAGE = "a managed save image"
    SNAPSHOT = "a snapshot"
    CHECKPOINT = "a checkpoint"
    NVRAM = "an nvram file"
    TPM = "the state of a TPM"


class Outcome(StrEnum):
    """What a call of undefine comes to."""

    REMOVED = "removed"
    TRANSIENT = "becomes transient"
    REFUSED = "refused"


class Fate(StrEnum):
    """What becomes of something that a domain holds."""

    KEPT = "kept"
    REMOVED = "removed"
    UNTIL_HALT = "kept until it halts, then removed"
    BEYOND_HALT = "kept, also when it halts"
    AS_DEFINED = "as its definition says"
    AS_DEFINED_AT_HALT = "kept until it halts, then as its definition says"


#: The flags that say what is to become of a holding: the one that removes it first.
FLAGS_OF: Mapping[Holding, tuple[Undefine, ...]] = {
    Holding.IMAGE: (Undefine.MANAGED_SAVE,),
    Holding.SNAPSHOT: (Undefine.SNAPSHOTS_METADATA,),
    Holding.CHECKPOINT: (Undefine.CHECKPOINTS_METADATA,),
    Holding.NVRAM: (Undefine.NVRAM, Undefine.KEEP_NVRAM),
    Holding.TPM: (Undefine.TPM, Undefine.KEEP_TPM),
}
#: The rule by which a flag is harmless without what it is about.
_HARMLESS = {
    Undefine.MANAGED_SAVE: "UNDEF-013",
    Undefine.SNAPSHOTS_METADATA: "UNDEF-020",
    Undefine.CHECKPOINTS_METADATA: "UNDEF-020",
}
#: The rule by which a flag that the driver takes is taken whatever the domain holds.
_TAKEN = "UNDEF-026"
_METADATA = (Holding.SNAPSHOT, Holding.CHECKPOINT)


@dataclass(frozen=True)
class Decision:
    """What the contract demands of one call.

    :param rules: the rules that say so, the governing one first.
    :param spare: the rules by which the flags that nothing here needs are harmless.
    :param codes: the codes that a refusal may have, any of them where it has several causes; any code where none is
        named.
    :param code_rule: the rule that a refusal with another code breaks, or nothing.
    :param unchanged: the rule that a refusal breaks which changes something.
    :param fates: by holding, what becomes of it and the rule that says so.
    """

    outcome: Outcome
    rules: tuple[str, ...]
    spare: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    code_rule: str = ""
    unchanged: str = ""
    fates: Mapping[Holding, tuple[Fate, str]] = field(default_factory=dict)

    @property
    def refused(self) -> bool:
        """Whether the call has to be refused."""
        return self.outcome is Outcome.REFUSED

    @property
    def blamed(self) -> str:
        """The rule that is broken by another outcome than the one that is demanded."""
        # Where a flag is given that nothing here needs, it is to blame rather than what the domain is or holds.
        return (self.spare or self.rules)[0]

    @cached_property
    def about(self) -> frozenset[str]:
        """Every rule that a driver can break here."""
        named = {self.blamed, self.code_rule, self.unchanged, *(rule for _, rule in self.fates.values())}
        if not self.refused:
            named |= {self.rules[-1], EVENT_RULE}
        if self.outcome is Outcome.TRANSIENT:
            named.add("UNDEF-003")
        return frozenset(named - {""})


@dataclass(frozen=True)
class _Cause:
    """A reason for a refusal: the rule that names it, its code where it has one, and rules that this one leans on."""

    rule: str
    code: str = OPERATION_INVALID
    also: tuple[str, ...] = ()


def can_hold(state: State, held: Collection[Holding]) -> bool:
    """Tell whether a domain can be so at all: libvirt gives a transient domain no managed save image."""
    return not (state.transient and Holding.IMAGE in held)


def decide(state: State, held: Collection[Holding], flags: int, taken: int = KNOWN) -> Decision:
    """Return what the contract demands.

    :param flags: of the call, bits that libvirt does not define included.
    :param taken: the flags that the driver takes.
    """
    causes = list(_causes(state, held, flags, taken))
    if not causes:
        return _success(state, held, flags)
    governing = causes[0]
    rules = [rule for cause in causes for rule in (cause.rule, *cause.also)]
    # What the flags themselves are refused for, the flags' own rules say completely.
    by_flags = governing.code == INVALID_ARG
    codes = tuple(dict.fromkeys(cause.code for cause in causes))
    if not all(codes):
        codes, code_rule = (), ""
    else:
        code_rule = governing.rule if by_flags or state.transient else "UNDEF-027"
    unchanged = governing.rule if by_flags else "UNDEF-028"
    return Decision(
        Outcome.REFUSED,
        tuple(dict.fromkeys((*rules, unchanged))),
        (),
        codes,
        code_rule,
        unchanged,
        {holding: (Fate.KEPT, unchanged) for holding in Holding if holding in held},
    )


def _causes(state: State, held: Collection[Holding], flags: int, taken: int) -> Iterator[_Cause]:
    """Yield why a call is refused, the gravest cause first."""
    if flags & ~KNOWN:
        # Nothing is looked at behind an unknown bit, so nothing else can be the reason.
        yield _Cause("UNDEF-025", INVALID_ARG)
        return
    if flags & ~taken:
        yield _Cause("UNDEF-026", INVALID_ARG)
    if state.transient:
        yield _Cause("UNDEF-007")
    else:
        yield from _in_the_way(state, held, flags)
    if opposed(flags & taken):
        # libvirt names no code for it.
        yield _Cause("UNDEF-022", "")


def _in_the_way(state: State, held: Collection[Holding], flags: int) -> Iterator[_Cause]:
    """Yield what stands in the way of undefining a persistent domain: data that no flag speaks of."""
    if Holding.IMAGE in held and not _asked(Holding.IMAGE, flags):
        rule = "UNDEF-015" if state.active else "UNDEF-011"
        yield _Cause("UNDEF-014", also=(rule,)) if flags else _Cause(rule)
    if not state.active:
        for holding in _METADATA:
            if holding in held and not _asked(holding, flags):
                yield _Cause("UNDEF-019", also=("UNDEF-017",)) if flags else _Cause("UNDEF-017")
    if Holding.NVRAM in held and not _asked(Holding.NVRAM, flags):
        yield _Cause("UNDEF-021")


def _asked(holding: Holding, flags: int) -> bool:
    """Tell whether a call says what is to become of a holding."""
    return any(flags & flag for flag in FLAGS_OF[holding])


def _success(state: State, held: Collection[Holding], flags: int) -> Decision:
    fates = {holding: _fate(state, holding, flags) for holding in Holding if holding in held}
    # That the flag makes the call succeed, and that nothing is left then, are two rules for an image.
    allowing = ["UNDEF-011" if rule == "UNDEF-012" else rule for _, rule in fates.values()]
    spare = [flag for holding, own in FLAGS_OF.items() if holding not in held for flag in own if flags & flag]
    return Decision(
        Outcome.TRANSIENT if state.active else Outcome.REMOVED,
        tuple(dict.fromkeys((*allowing, "UNDEF-002" if state.active else "UNDEF-001"))),
        tuple(dict.fromkeys(_HARMLESS.get(flag, _TAKEN) for flag in spare)),
        fates=fates,
    )


def _fate(state: State, holding: Holding, flags: int) -> tuple[Fate, str]:
    """Return what becomes of a holding when a call with these flags succeeds."""
    removes, *keeps = FLAGS_OF[holding]
    kept = any(flags & flag for flag in keeps)
    match holding:
        case Holding.IMAGE:
            return Fate.REMOVED, "UNDEF-015" if state.active else "UNDEF-012"
        case Holding.SNAPSHOT | Holding.CHECKPOINT:
            return (Fate.UNTIL_HALT, "UNDEF-018") if state.active else (Fate.REMOVED, "UNDEF-017")
        case Holding.NVRAM:
            return Fate.KEPT if kept else Fate.REMOVED, "UNDEF-021"
        case Holding.TPM:
            if not kept and not flags & removes:
                return Fate.AS_DEFINED_AT_HALT if state.active else Fate.AS_DEFINED, "UNDEF-024"
            if kept:
                return Fate.BEYOND_HALT if state.active else Fate.KEPT, "UNDEF-024"
            return Fate.UNTIL_HALT if state.active else Fate.REMOVED, "UNDEF-024"
