"""The flags of undefine: names and values as libvirt's API fixes them.

The client library of an old release lacks the newer constants, while its driver is asked about every flag.
The values are API and never change, so the kit has its own list; ``lint`` holds it against the specification's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import IntEnum

from conformance.errors import BadFeature

PREFIX = "VIR_DOMAIN_UNDEFINE_"
#: VIR_DOMAIN_START_FORCE_BOOT of virDomainCreateFlags.
FORCE_BOOT = 8


class Undefine(IntEnum):
    """virDomainUndefineFlagsValues; put together they are a plain number, as a call takes it."""

    MANAGED_SAVE = 1
    SNAPSHOTS_METADATA = 2
    NVRAM = 4
    KEEP_NVRAM = 8
    CHECKPOINTS_METADATA = 16
    TPM = 32
    KEEP_TPM = 64


#: Words that a feature uses for flag values with no name of their own.
_WORDS = {
    "no flag": 0,
    # Bits that a later libvirt takes into use would be known to it: the lowest moves on with the list above.
    "the lowest unknown bit": 1 << len(Undefine),
    "bit 30": 1 << 30,
    "bit 31": 1 << 31,
    "every bit": 0xFFFFFFFF,
}


def parse_flags(text: str) -> int:
    """Return the value of flags as a feature writes them: ``no flag``, ``NVRAM``, ``NVRAM and TPM``.

    :raises BadFeature: when a word is no flag.
    """
    if text in _WORDS:
        return _WORDS[text]
    value = 0
    for name in re.split(r" and |, ", text):
        if name not in Undefine.__members__:
            raise BadFeature(f"{name!r} is no undefine flag", remedy=f"use one of {', '.join(Undefine.__members__)}")
        value |= Undefine[name]
    return value


def flag_names(value: int) -> list[str]:
    """Return the names of the flags in ``value``, an unknown rest as a hexadecimal number."""
    names = [flag.name for flag in Undefine if value & flag]
    if rest := value & ~sum(Undefine):
        names.append(hex(rest))
    return names


def describe_flags(value: int) -> str:
    """Return flags for a person: ``no flag``, ``NVRAM and TPM``."""
    return " and ".join(flag_names(value)) or "no flag"


#: Flags that ask for opposite things; a call with both is an error of its own.
OPPOSITES = {Undefine.NVRAM: Undefine.KEEP_NVRAM, Undefine.TPM: Undefine.KEEP_TPM}


def opposed(value: int) -> bool:
    """Tell whether flags ask for opposite things."""
    return any(value & one and value & other for one, other in OPPOSITES.items())


def beside(base: int, others: Iterable[Undefine]) -> Iterator[int]:
    """Yield ``base`` alone, with each one of ``others`` that it lacks, and with all of them that go together."""
    extra = [flag for flag in others if not base & flag]
    yield base
    for flag in extra:
        yield base | flag
    removing = sum(flag for flag in extra if flag not in OPPOSITES.values())
    keeping = sum(flag for flag in extra if flag not in OPPOSITES)
    for together in dict.fromkeys((removing, keeping)):
        if together.bit_count() > 1:
            yield base | together


def mixes(others: Iterable[Undefine]) -> Iterator[int]:
    """Yield every union of one or more of ``others``, small ones first."""
    flags = list(others)
    values = range(1, 1 << len(flags))
    for mask in sorted(values, key=lambda mask: (mask.bit_count(), mask)):
        yield sum(flag for bit, flag in enumerate(flags) if mask >> bit & 1)
