"""Releases and ranges of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.releases import is_within, parse_range, parse_release, release_of

PART = st.integers(0, 999)


@given(PART, PART, PART)
def test_a_release_is_read_as_libvirt_counts_it(major: int, minor: int, micro: int) -> None:
    """What a person writes and what a driver says come to the same."""
    number = major * 1_000_000 + minor * 1_000 + micro
    if number:
        assert parse_release(f"{major}.{minor}.{micro}") == release_of(number)


@pytest.mark.parametrize("text", ["9", "9.0", "9.0.0"])
def test_missing_parts_are_zero(text: str) -> None:
    """A release may be written short."""
    assert parse_release(text) == (9, 0, 0)


@pytest.mark.parametrize("text", ["", "v9", "9.", "9.0.0.0", " 9", "9\n", "-1", "٩", "9" * 7])
def test_what_is_no_release_is_refused(text: str) -> None:
    """Digits and up to two dots, and nothing else."""
    with pytest.raises(ValueError, match="is no release"):
        parse_release(text)


@pytest.mark.parametrize("nothing", [0, "", None])
def test_a_release_that_was_not_told_is_none(nothing: object) -> None:
    """A driver may say nothing of itself."""
    assert release_of(nothing) == ()


@given(PART, PART)
def test_a_range_holds_what_lies_between_its_bounds(low: int, high: int) -> None:
    """Each bound has to hold, and spaces do not matter."""
    for major in {low, high, low + 1}:
        release = (major, 0, 0)
        assert is_within(release, parse_range(f">={low}, <{high}")) == (low <= major < high)
        assert is_within(release, parse_range(f">{low},<= {high}")) == (low < major <= high)
        assert is_within(release, parse_range(f"== {low}")) == (major == low)


def test_what_is_not_known_is_in_every_release_only() -> None:
    """A driver that does not tell its release is met by no bound."""
    assert is_within((), parse_range(""))
    assert not is_within((), parse_range(">=0"))
