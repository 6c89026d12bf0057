"""Vices of firmware: an nvram file or the state of a TPM is lost, or stays, against what the flags say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from conformance.flags import OPPOSITES, Undefine
from conformance.mutants.call import QEMU, Call, LibvirtError, Memory
from conformance.mutants.guests import remember_remainder
from conformance.mutants.vice import vice
from conformance.uri import root_of

_NVRAM, _KEEP_NVRAM = Undefine.NVRAM, Undefine.KEEP_NVRAM
_TPM, _KEEP_TPM = Undefine.TPM, Undefine.KEEP_TPM
_FILE = re.compile(r"<nvram[^>]*>(.+?)</nvram>")


def _nvram_file(call: Call) -> Path | None:
    """Return the nvram file of the domain that the call undefines, if it has one."""
    found = _FILE.search(call.fact("XMLDesc") or "") if call.undefines and not call.transient else None
    return Path(found[1]) if found and Path(found[1]).is_file() else None


def _unanswered(call: Call) -> bool:
    """Tell whether the call is an undefine that does not say what is to become of the domain's nvram file."""
    return not call.flags & (_NVRAM | _KEEP_NVRAM) and _nvram_file(call) is not None


def _with(call: Call, flag: int) -> Any:
    return call.proceed("undefineFlags", call.flags | flag)


def _exchanged(call: Call, given: int, taken: int) -> Any:
    """Make a call with one flag taken for another."""
    if call.undefines and call.flags & given and not call.flags & taken:
        return call.proceed("undefineFlags", call.flags & ~int(given) | taken)
    return call.go_on()


# The nvram file


@vice("UNDEF-021", uri=QEMU)
def nvram_file_goes_without_a_word(call: Call, _memory: Memory) -> Any:
    """Undefine without a flag for it removes the nvram file."""
    return _with(call, _NVRAM) if _unanswered(call) else call.go_on()


@vice("UNDEF-021", uri=QEMU)
def nvram_file_stays_without_a_word(call: Call, _memory: Memory) -> Any:
    """Undefine without a flag for it leaves the nvram file."""
    return _with(call, _KEEP_NVRAM) if _unanswered(call) else call.go_on()


@vice("UNDEF-021", uri=QEMU)
def guests_nvram_file_counts_for_nothing(call: Call, _memory: Memory) -> Any:
    """Undefine of an active domain asks for no flag for its nvram file."""
    return _with(call, _KEEP_NVRAM) if call.active and _unanswered(call) else call.go_on()


@vice("UNDEF-021", uri=QEMU)
def any_flag_answers_for_the_nvram_file(call: Call, _memory: Memory) -> Any:
    """Undefine with a flag about something else removes the nvram file."""
    return _with(call, _NVRAM) if call.flags and _unanswered(call) else call.go_on()


@vice("UNDEF-021", uri=QEMU)
def nvram_flag_leaves_the_file(call: Call, _memory: Memory) -> Any:
    """NVRAM leaves the nvram file."""
    return _exchanged(call, _NVRAM, _KEEP_NVRAM)


@vice("UNDEF-021", uri=QEMU)
def nvram_flag_removes_the_wrong_file(call: Call, _memory: Memory) -> Any:
    """NVRAM removes the file that the domain's name leads to, and not the one that its definition names."""
    file = _nvram_file(call) if call.flags & _NVRAM else None
    if file is None:
        return call.go_on()
    result = _exchanged(call, _NVRAM, _KEEP_NVRAM)
    file.with_name(f"{call.name}_VARS.fd").unlink(missing_ok=True)
    return result


@vice("UNDEF-021", uri=QEMU)
def keep_nvram_removes_the_file(call: Call, _memory: Memory) -> Any:
    """KEEP_NVRAM removes the nvram file."""
    return _exchanged(call, _KEEP_NVRAM, _NVRAM)


@vice("UNDEF-021", uri=QEMU)
def keep_nvram_empties_the_file(call: Call, _memory: Memory) -> Any:
    """KEEP_NVRAM leaves the nvram file with nothing in it."""
    file = _nvram_file(call) if call.flags & _KEEP_NVRAM else None
    result = call.go_on()
    if file:
        file.write_bytes(b"")
    return result


@vice("UNDEF-021", uri=QEMU)
def kept_nvram_file_goes_at_the_halt(call: Call, memory: Memory) -> Any:
    """KEEP_NVRAM leaves the nvram file of an active domain until the guest halts."""
    if call.active and call.flags & _KEEP_NVRAM and (file := _nvram_file(call)):
        memory[call.uuid] = file
    result = call.go_on()
    if call.method == "destroy" and call.uuid in memory:
        memory.pop(call.uuid).unlink()
    return result


@vice("UNDEF-021", uri=QEMU)
def nvram_file_dropped_on_refusal(call: Call, _memory: Memory) -> Any:
    """Undefine is refused for the nvram file, after the file was removed."""
    file = _nvram_file(call) if _unanswered(call) else None
    try:
        return call.go_on()
    except LibvirtError:
        if file:
            file.unlink()
        raise


@vice("UNDEF-023", uri=QEMU)
def missing_nvram_file_keeps_the_domain(call: Call, _memory: Memory) -> Any:
    """Undefine of a domain whose nvram file is missing reports success and does nothing."""
    configured = call.undefines and call.inactive and _FILE.search(call.fact("XMLDesc") or "")
    if configured and not Path(configured[1]).exists():
        return 0
    return call.go_on()


@vice("UNDEF-022", uri=QEMU)
def removal_wins_over_keeping(call: Call, _memory: Memory) -> Any:
    """A flag that removes and its opposite together count as the one that removes."""
    keeps = sum(keep for remove, keep in OPPOSITES.items() if call.flags & remove)
    return _exchanged(call, keeps, 0)


# The TPM


def _state(call: Call) -> Path:
    """Return the place of the state of the domain's TPM, which the embedded driver has below its root."""
    root = root_of(call.connection.getURI())
    return Path(root, "lib", "swtpm", call.uuid, "tpm2", "tpm2-00.permall")


def _left_to_the_definition(call: Call, *, keeps: bool) -> bool:
    """Tell whether the call is an undefine without a flag for the TPM, whose definition then decides in one way."""
    definition = call.fact("XMLDesc") or ""
    says = "<tpm" in definition and ("persistent_state='yes'" in definition) is keeps
    return call.undefines and call.inactive and not call.flags & (_TPM | _KEEP_TPM) and says


@vice("UNDEF-024", uri=QEMU)
def tpm_flag_leaves_the_state(call: Call, _memory: Memory) -> Any:
    """TPM leaves the state of a TPM."""
    return _exchanged(call, _TPM, _KEEP_TPM)


@vice("UNDEF-024", uri=QEMU)
def keep_tpm_removes_the_state(call: Call, _memory: Memory) -> Any:
    """KEEP_TPM removes the state of a TPM."""
    return _exchanged(call, _KEEP_TPM, _TPM)


@vice("UNDEF-024", uri=QEMU)
def state_to_be_kept_goes(call: Call, _memory: Memory) -> Any:
    """Undefine without a flag removes the state of a TPM whose definition says that it is to be kept."""
    return _with(call, _TPM) if _left_to_the_definition(call, keeps=True) else call.go_on()


@vice("UNDEF-024", uri=QEMU)
def state_not_to_be_kept_stays(call: Call, _memory: Memory) -> Any:
    """Undefine without a flag leaves the state of a TPM whose definition says that it is not to be kept."""
    return _with(call, _KEEP_TPM) if _left_to_the_definition(call, keeps=False) else call.go_on()


@vice("UNDEF-024", uri=QEMU)
def state_goes_while_the_guest_runs(call: Call, _memory: Memory) -> Any:
    """Undefine of an active domain removes the state of its TPM under the guest."""
    active = call.undefines and call.active and not call.transient and _state(call).exists()
    result = call.go_on()
    if active:
        _state(call).unlink()
    return result


@vice("UNDEF-024", uri=QEMU)
def state_always_goes_at_the_stop(call: Call, memory: Memory) -> Any:
    """The state of a TPM is removed when a domain stops that was undefined while it ran."""
    remember_remainder(call, memory)
    result = call.go_on()
    if call.method == "destroy" and call.uuid in memory:
        _state(call).unlink(missing_ok=True)
    return result


@vice("UNDEF-024", uri=QEMU)
def state_never_goes_at_the_stop(call: Call, memory: Memory) -> Any:
    """The state of a TPM is left when a domain stops that was undefined while it ran."""
    remember_remainder(call, memory)
    stops = call.method == "destroy" and call.uuid in memory and _state(call).exists()
    state = _state(call).read_bytes() if stops else b""
    result = call.go_on()
    if stops:
        _state(call).parent.mkdir(parents=True, exist_ok=True)
        _state(call).write_bytes(state)
    return result
