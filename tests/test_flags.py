"""The flags of undefine: words, values, and the sets of flags that a refusal is tried with."""

from __future__ import annotations

import libvirt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.errors import BadFeature
from conformance.flags import PREFIX, Undefine, beside, describe_flags, flag_names, mixes, opposed, parse_flags

ALL = list(Undefine)
SETS = st.sets(st.sampled_from(ALL))
OPPOSITES = ((Undefine.NVRAM, Undefine.KEEP_NVRAM), (Undefine.TPM, Undefine.KEEP_TPM))


@pytest.mark.parametrize("flag", ALL, ids=lambda flag: flag.name)
def test_values_are_libvirts(flag: Undefine) -> None:
    """Each value is the one in the client library, where that is new enough to have it."""
    assert getattr(libvirt, PREFIX + str(flag.name), flag.value) == flag.value


@given(st.sets(st.sampled_from(ALL), min_size=1))
def test_what_was_described_is_understood(flags: set[Undefine]) -> None:
    """Flags in words lead back to their value."""
    value = sum(flags)
    assert parse_flags(describe_flags(value)) == value


@given(st.integers(0, 0xFFFFFFFF))
def test_no_bit_is_kept_silent(value: int) -> None:
    """Every bit of a value stands in its names, unknown ones as a number."""
    named = sum(int(name, 16) if name.startswith("0x") else Undefine[name] for name in flag_names(value))
    assert named == value


@pytest.mark.parametrize(
    ("words", "value"),
    [("no flag", 0), ("the lowest unknown bit", 128), ("bit 31", 1 << 31), ("NVRAM and TPM", 36), ("NVRAM, TPM", 36)],
)
def test_words_have_their_values(words: str, value: int) -> None:
    """A feature writes flags in words."""
    assert parse_flags(words) == value


@pytest.mark.parametrize("words", ["", "NVRM", "nvram", "NVRAM and", "NVRAM or TPM"])
def test_an_unknown_word_is_refused(words: str) -> None:
    """A word that is no flag is an error, and not a call without the flag."""
    with pytest.raises(BadFeature, match="no undefine flag"):
        parse_flags(words)


@given(st.one_of(st.just(0), st.sampled_from([int(flag) for flag in ALL])), SETS)
def test_a_refusal_is_tried_beside_every_other_flag(base: int, others: set[Undefine]) -> None:
    """The call alone comes first, then with each other flag; no set comes twice, and each holds the base."""
    values = list(beside(base, others))
    assert values[0] == base
    assert {base | flag for flag in others} <= set(values)
    assert len(set(values)) == len(values)
    assert all(value & base == base and not value & ~(base | sum(others)) for value in values)


@given(SETS)
def test_flags_that_ask_for_opposite_things_are_not_put_together(others: set[Undefine]) -> None:
    """With many flags at once a refusal is for what the domain holds, not for a contradiction between them."""
    for value in beside(Undefine.MANAGED_SAVE, others):
        assert not [pair for pair in OPPOSITES if value & pair[0] and value & pair[1]]


@given(SETS)
def test_every_flag_takes_part_in_a_set_of_many(others: set[Undefine]) -> None:
    """Where more than two flags go together, each of them is tried together with others."""
    together = [value for value in beside(0, others) if value.bit_count() > 1]
    if len(others) > 2:
        assert all(any(value & flag for value in together) for flag in others & {ALL[0], ALL[1], ALL[4]})


@given(SETS)
def test_mixes_are_all_the_unions(others: set[Undefine]) -> None:
    """Every union of one or more flags comes once, smaller ones first."""
    values = list(mixes(others))
    assert len(set(values)) == len(values) == 2 ** len(others) - 1
    assert [value.bit_count() for value in values] == sorted(value.bit_count() for value in values)
    assert all(0 < value <= sum(others) for value in values)


@given(SETS)
def test_flags_are_opposed_where_both_of_a_pair_are_given(flags: set[Undefine]) -> None:
    """One of a pair is no contradiction, whatever else is given."""
    assert opposed(sum(flags)) == any(set(pair) <= flags for pair in OPPOSITES)


def test_no_flag_has_words_of_its_own() -> None:
    """A call without flags is told as such."""
    assert describe_flags(0) == "no flag"


def test_what_is_no_flag_is_answered_with_those_that_there_are() -> None:
    """Whoever has misspelt a flag reads how it is spelt."""
    with pytest.raises(BadFeature) as raised:
        parse_flags("NVRM")
    assert raised.value.remedy == f"use one of {', '.join(Undefine.__members__)}"


def test_flags_that_remove_and_flags_that_keep_are_put_together() -> None:
    """All flags beside a call come to two sets, each without a contradiction."""
    removing = sum(flag for flag in ALL if not str(flag.name).startswith("KEEP_"))
    keeping = sum(flag for flag in ALL if flag not in (Undefine.NVRAM, Undefine.TPM))
    assert list(beside(0, ALL)) == [0, *ALL, removing, keeping]
