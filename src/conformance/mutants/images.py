"""Vices of managed save images: lost without a request, kept against one, or taken for what they are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from conformance.flags import FORCE_BOOT, Undefine
from conformance.mutants.call import LIST_WITH_IMAGE, QEMU, Call, Memory, refuse
from conformance.mutants.lies import lie
from conformance.mutants.overlaps import because, refused
from conformance.mutants.vice import vice

_SAVE = Undefine.MANAGED_SAVE
_OTHERS = [flag for flag in Undefine if flag is not _SAVE]


def must_refuse(call: Call) -> bool:
    """Tell whether the call is an undefine that a right driver refuses for the domain's image."""
    return call.undefines and not call.flags & _SAVE and call.image


def remove_all_the_same(call: Call) -> Any:
    """Undefine with the image, as if the call had brought the flag."""
    return call.proceed("undefineFlags", call.flags & ~_SAVE | _SAVE)


def _refuse_for_image() -> Any:
    refuse("OPERATION_INVALID", "Refusing to undefine while domain managed save image exists")


# What stands in the way


@vice(
    "UNDEF-011",
    "UNDEF-014",
    overlaps=refused("UNDEF-011", "UNDEF-014")
    | because("its scenarios need MANAGED_SAVE to succeed", "UNDEF-012", "UNDEF-029"),
)
def flag_logic_inverted(call: Call, _memory: Memory) -> Any:
    """Undefine of a domain with an image is refused with MANAGED_SAVE, and succeeds without it."""
    if call.undefines:
        return call.proceed("undefineFlags", call.flags ^ _SAVE)
    return call.go_on()


@vice(
    "UNDEF-011",
    overlaps=refused("UNDEF-011"),
)
def image_dropped_on_refusal(call: Call, _memory: Memory) -> Any:
    """Undefine without MANAGED_SAVE is refused, after the image was removed."""
    if must_refuse(call):
        call.raw.managedSaveRemove(0)
        _refuse_for_image()
    return call.go_on()


@vice("UNDEF-011")
def paused_guests_image_forgotten(call: Call, memory: Memory) -> Any:
    """Undefine without MANAGED_SAVE removes an image that was taken of a paused guest."""
    if call.method == "managedSave" and call.paused:
        memory[call.uuid] = True
    if must_refuse(call) and call.uuid in memory:
        return remove_all_the_same(call)
    return call.go_on()


@vice("UNDEF-011")
def refusal_lasts_for_one_call(call: Call, memory: Memory) -> Any:
    """Undefine without MANAGED_SAVE is refused once, and removes the image when the same call is made again."""
    if must_refuse(call):
        if (call.method, call.flags) in memory.get(call.uuid, ()):
            return remove_all_the_same(call)
        memory.setdefault(call.uuid, set()).add((call.method, call.flags))
    return call.go_on()


@vice("UNDEF-011")
def paused_guests_image_cannot_be_removed(call: Call, memory: Memory) -> Any:
    """Undefine with MANAGED_SAVE is refused for an image that was taken of a paused guest."""
    if call.method == "managedSave" and call.paused:
        memory[call.uuid] = True
    if call.undefines and call.image and call.uuid in memory:
        _refuse_for_image()
    return call.go_on()


@vice("UNDEF-011")
def removed_image_still_counts(call: Call, memory: Memory) -> Any:
    """Undefine is refused for an image that the caller has removed."""
    if call.undefines and not call.flags & _SAVE and call.uuid in memory:
        _refuse_for_image()
    result = call.go_on()
    if call.method == "managedSaveRemove":
        memory[call.uuid] = True
    return result


@vice(
    "UNDEF-011",
    overlaps=because("the name is not free for another domain", "UNDEF-012")
    | because("no event tells of what was not done", "UNDEF-029"),
)
def flag_takes_the_image_alone(call: Call, _memory: Memory) -> Any:
    """MANAGED_SAVE removes the image and leaves the domain."""
    if call.undefines and call.flags & _SAVE and call.image:
        return call.raw.managedSaveRemove(0)
    return call.go_on()


@vice(
    "UNDEF-011",
    "UNDEF-012",
    overlaps=because("a scenario of its needs MANAGED_SAVE to succeed", "UNDEF-029"),
)
def flag_refused_beside_an_image(call: Call, _memory: Memory) -> Any:
    """Undefine of a domain with an image is refused with MANAGED_SAVE, too."""
    if call.undefines and call.image:
        _refuse_for_image()
    return call.go_on()


@vice(
    "UNDEF-011",
    overlaps=refused("UNDEF-011"),
)
def image_denied_by_the_domain(call: Call, memory: Memory) -> Any:
    """A domain says after a refusal that it has no image, and the list says that it has."""
    if must_refuse(call):
        memory[call.uuid] = True
    return lie(call, memory, {"hasManagedSaveImage": 0})


@vice(
    "UNDEF-011",
    overlaps=refused("UNDEF-011"),
)
def image_denied_by_the_list(call: Call, memory: Memory) -> Any:
    """The list says after a refusal that a domain has no image, and the domain says that it has."""
    if must_refuse(call):
        memory[call.uuid] = True
    return lie(call, memory, listed={LIST_WITH_IMAGE: False})


# The flag without an image


@vice(
    "UNDEF-013",
    overlaps=because("it tries every flag on domains that hold nothing", "UNDEF-026", "UNDEF-035"),
)
def flag_needs_an_image(call: Call, _memory: Memory) -> Any:
    """MANAGED_SAVE is refused for a domain that has no image."""
    if call.undefines and call.flags & _SAVE and not call.image and not call.transient:
        refuse("OPERATION_INVALID", "domain has no managed save image")
    return call.go_on()


@vice(
    "UNDEF-013",
    overlaps=because("it tries every flag on domains that hold nothing", "UNDEF-026", "UNDEF-035"),
)
def flag_without_image_does_nothing(call: Call, _memory: Memory) -> Any:
    """MANAGED_SAVE for a domain that has no image reports success and does nothing."""
    if call.undefines and call.flags & _SAVE and not call.image and not call.metadata and not call.transient:
        return 0
    return call.go_on()


@vice("UNDEF-013")
def flag_stops_the_guest(call: Call, _memory: Memory) -> Any:
    """MANAGED_SAVE for an active domain halts the guest."""
    stops = call.undefines and call.flags & _SAVE and call.active and not call.transient
    result = call.go_on()
    if stops:
        call.raw.destroy()
    return result


# Other flags


@vice(
    "UNDEF-014",
    overlaps=refused("UNDEF-014", "UNDEF-036"),
)
def snapshots_flag_stands_in(call: Call, _memory: Memory) -> Any:
    """SNAPSHOTS_METADATA makes undefine remove the image, too."""
    if must_refuse(call) and call.flags & Undefine.SNAPSHOTS_METADATA:
        return remove_all_the_same(call)
    return call.go_on()


@vice("UNDEF-014")
def untaken_flag_stands_in(call: Call, _memory: Memory) -> Any:
    """A flag that the driver does not take makes undefine remove the image."""
    if call.asks_undefine and not call.read_only and call.image and call.flags in _OTHERS and call.flags & ~call.taken:
        return call.proceed("undefineFlags", int(_SAVE))
    return call.go_on()


# An active domain


@vice(
    "UNDEF-015",
    overlaps=because("its scenarios demand too that undefine be refused for the image and change nothing", "UNDEF-028"),
    uri=QEMU,
)
def active_domains_image_forgotten(call: Call, _memory: Memory) -> Any:
    """Undefine of an active domain removes its image without being asked to."""
    if must_refuse(call) and call.active:
        return remove_all_the_same(call)
    return call.go_on()


@vice("UNDEF-015", uri=QEMU)
def active_domains_image_kept(call: Call, memory: Memory) -> Any:
    """MANAGED_SAVE leaves the image of an active domain, and the next domain of the name has it."""
    if call.undefines and call.flags & _SAVE and call.image and call.active:
        memory[call.uuid] = True
    return lie(call, memory, {"hasManagedSaveImage": 1}, {LIST_WITH_IMAGE: True})


# What is no image, or none any more


@vice("UNDEF-016")
def saved_file_counts(call: Call, memory: Memory) -> Any:
    """Undefine is refused for a file that the caller has saved the guest to."""
    if call.undefines and not call.flags & _SAVE and call.uuid in memory:
        _refuse_for_image()
    result = call.go_on()
    if call.method == "save":
        memory[call.uuid] = True
    return result


@vice("UNDEF-016")
def saved_file_is_reported(call: Call, memory: Memory) -> Any:
    """A domain that was saved to a file of the caller's says that it has a managed save image."""
    if call.method == "save":
        memory[call.uuid] = True
    return lie(call, memory, {"hasManagedSaveImage": 1})


@vice("UNDEF-016")
def saved_file_is_listed(call: Call, memory: Memory) -> Any:
    """The list of domains with an image shows one that was saved to a file of the caller's."""
    if call.method == "save":
        memory[call.uuid] = True
    return lie(call, memory, listed={LIST_WITH_IMAGE: True})


@vice("UNDEF-003", "UNDEF-016")
def saved_file_goes_with_the_domain(call: Call, memory: Memory) -> Any:
    """The file that the caller has saved the guest to goes when the domain does."""
    result = call.go_on()
    if call.method == "save":
        memory[call.uuid] = Path(call.args[0])
    if call.uuid in memory and not call.exists:
        memory.pop(call.uuid).unlink()
    return result


@vice("UNDEF-016")
def start_leaves_the_image(call: Call, memory: Memory) -> Any:
    """A start restores the guest and leaves the image in its place."""
    if call.undefines and not call.flags & _SAVE and call.uuid in memory:
        _refuse_for_image()
    if call.method == "create" and not call.read_only and call.image:
        memory[call.uuid] = True
    return lie(call, memory, {"hasManagedSaveImage": 1}, {LIST_WITH_IMAGE: True})


@vice("UNDEF-016")
def consumed_image_stays_in_the_list(call: Call, memory: Memory) -> Any:
    """The list of domains with an image goes on showing one whose image was consumed by a start."""
    if call.method == "create" and not call.read_only and call.image:
        memory[call.uuid] = True
    return lie(call, memory, listed={LIST_WITH_IMAGE: True})


@vice("UNDEF-016")
def consumed_image_still_counts(call: Call, memory: Memory) -> Any:
    """Undefine is refused for an image that was consumed by a start."""
    if call.undefines and not call.flags & _SAVE and call.uuid in memory:
        _refuse_for_image()
    if call.method == "create" and not call.read_only and call.image:
        memory[call.uuid] = True
    return call.go_on()


@vice("UNDEF-016")
def transient_takes_managed_save(call: Call, _memory: Memory) -> Any:
    """Managed save of a transient domain reports success, and the guest's memory is lost."""
    if call.method == "managedSave" and not call.read_only and call.transient:
        return call.raw.destroy()
    return call.go_on()


@vice("UNDEF-016")
def transient_lost_by_refused_managed_save(call: Call, _memory: Memory) -> Any:
    """Managed save of a transient domain is refused, after the guest was halted."""
    if call.method == "managedSave" and not call.read_only and call.transient:
        call.raw.destroy()
        refuse("OPERATION_INVALID", "cannot do managed save for transient domain")
    return call.go_on()


@vice("UNDEF-016", uri=QEMU)
def force_boot_leaves_the_image(call: Call, memory: Memory) -> Any:
    """A start with FORCE_BOOT leaves the image in its place."""
    if call.method == "createWithFlags" and call.args[0] & FORCE_BOOT and call.image:
        memory[call.uuid] = True
    return lie(call, memory, {"hasManagedSaveImage": 1}, {LIST_WITH_IMAGE: True})
