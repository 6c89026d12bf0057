"""Vices of metadata: snapshots and checkpoints of an inactive domain, and the flags for them."""

from __future__ import annotations

from typing import Any

from conformance.flags import Undefine
from conformance.mutants.call import LIST_WITH_CHECKPOINT, LIST_WITH_SNAPSHOT, Call, Memory, refuse
from conformance.mutants.lies import lie
from conformance.mutants.overlaps import because
from conformance.mutants.vice import vice

_SNAPSHOTS, _CHECKPOINTS = Undefine.SNAPSHOTS_METADATA, Undefine.CHECKPOINTS_METADATA
_METADATA = _SNAPSHOTS | _CHECKPOINTS
#: VIR_DOMAIN_CHECKPOINT_DELETE_METADATA_ONLY.
_METADATA_ONLY = 2


def unasked(call: Call) -> int:
    """Return the flags for the metadata for which a right driver refuses the call, an undefine."""
    return call.metadata & ~call.flags if call.undefines and call.inactive else 0


def drop_all_the_same(call: Call) -> Any:
    """Undefine with the metadata, as if the call had brought the flags."""
    return call.proceed("undefineFlags", call.flags | call.metadata)


def drop_metadata(domain: Any) -> None:
    """Take a domain's snapshots and checkpoints away, past the vice."""
    for snapshot in domain.listAllSnapshots():
        snapshot.delete()
    for checkpoint in domain.listAllCheckpoints():
        checkpoint.delete(_METADATA_ONLY)


def refuse_for_metadata() -> Any:
    """Refuse as drivers do."""
    refuse("OPERATION_INVALID", "cannot delete inactive domain with snapshots or checkpoints")


def _holds_nothing(call: Call) -> bool:
    """Tell whether the call is an undefine with flags for metadata alone, of a domain that holds nothing."""
    flags = call.flags
    holds = call.metadata or call.image or call.transient
    return call.undefines and bool(flags) and not flags & ~_METADATA and not holds


# What stands in the way


@vice(
    "UNDEF-017",
    overlaps=because("its calls begin with one without flags", "UNDEF-019"),
)
def metadata_goes_without_a_word(call: Call, _memory: Memory) -> Any:
    """Undefine without flags removes an inactive domain with its snapshots and checkpoints."""
    if unasked(call) and not call.flags:
        return drop_all_the_same(call)
    return call.go_on()


@vice(
    "UNDEF-017",
    overlaps=because("its calls begin with one without flags", "UNDEF-019"),
)
def metadata_of_several_goes_without_a_word(call: Call, _memory: Memory) -> Any:
    """Undefine without flags removes an inactive domain with more than one snapshot or checkpoint."""
    several = max(len(call.snapshots), len(call.checkpoints)) > 1
    if unasked(call) and not call.flags and several:
        return drop_all_the_same(call)
    return call.go_on()


@vice(
    "UNDEF-017",
    "UNDEF-028",
    overlaps=because("it too demands that a refusal for metadata change nothing", "UNDEF-019"),
)
def metadata_dropped_on_refusal(call: Call, _memory: Memory) -> Any:
    """Undefine of an inactive domain with metadata is refused, after the metadata was dropped."""
    if unasked(call):
        drop_metadata(call.raw)
        refuse_for_metadata()
    return call.go_on()


@vice(
    "UNDEF-017",
    "UNDEF-028",
    overlaps=because("it too demands that a refusal for metadata change nothing", "UNDEF-019"),
)
def metadata_hidden_on_refusal(call: Call, memory: Memory) -> Any:
    """The lists of domains with metadata do not show one any more for whose metadata undefine was refused."""
    if unasked(call):
        memory[call.uuid] = True
    return lie(call, memory, listed={LIST_WITH_SNAPSHOT: False, LIST_WITH_CHECKPOINT: False})


@vice("UNDEF-017")
def metadata_flag_is_not_enough(call: Call, _memory: Memory) -> Any:
    """Undefine of an inactive domain with metadata is refused with the flag, too."""
    if call.undefines and call.inactive and call.metadata:
        refuse_for_metadata()
    return call.go_on()


@vice("UNDEF-017")
def metadata_flag_takes_the_metadata_alone(call: Call, _memory: Memory) -> Any:
    """The flag for metadata drops that of an inactive domain, and leaves the domain."""
    if call.undefines and call.inactive and call.metadata & call.flags and not call.image:
        drop_metadata(call.raw)
        return 0
    return call.go_on()


# Other flags


@vice("UNDEF-019")
def any_flag_drops_the_metadata(call: Call, _memory: Memory) -> Any:
    """Undefine with any flag removes an inactive domain with its snapshots and checkpoints."""
    if unasked(call) and call.flags:
        return drop_all_the_same(call)
    return call.go_on()


@vice("UNDEF-019")
def many_flags_drop_the_metadata(call: Call, _memory: Memory) -> Any:
    """Undefine with two flags or more removes an inactive domain with its snapshots and checkpoints."""
    if unasked(call) and call.flags.bit_count() > 1:
        return drop_all_the_same(call)
    return call.go_on()


@vice("UNDEF-019")
def metadata_flags_stand_in_for_each_other(call: Call, _memory: Memory) -> Any:
    """The flag for snapshots removes checkpoints, too, and the other way round."""
    if unasked(call) and call.flags & _METADATA:
        return drop_all_the_same(call)
    return call.go_on()


# The flag without metadata


@vice(
    "UNDEF-020",
    overlaps=because("it tries every flag on domains that hold nothing", "UNDEF-026"),
)
def metadata_flag_needs_metadata(call: Call, _memory: Memory) -> Any:
    """A flag for metadata is refused for a domain that has none."""
    if _holds_nothing(call):
        refuse("OPERATION_INVALID", "domain has no snapshots and no checkpoints")
    return call.go_on()


@vice(
    "UNDEF-020",
    overlaps=because("it tries every flag on domains that hold nothing", "UNDEF-026"),
)
def metadata_flag_without_metadata_does_nothing(call: Call, _memory: Memory) -> Any:
    """A flag for metadata reports success for a domain that has none, and does nothing."""
    return 0 if _holds_nothing(call) else call.go_on()


@vice(
    "UNDEF-020",
    overlaps=because("with the flag it demands success", "UNDEF-017", "UNDEF-018", "UNDEF-035")
    | because("probing found that the driver takes the flag", "UNDEF-026"),
)
def metadata_flags_are_not_taken(call: Call, _memory: Memory) -> Any:
    """The flags for metadata fail as ones that the driver does not take, although it holds metadata."""
    if call.undefines and call.flags & _METADATA and not (call.transient or call.image):
        refuse("INVALID_ARG", f"unsupported flags ({call.flags:#x})")
    return call.go_on()
