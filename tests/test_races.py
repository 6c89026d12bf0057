"""How two calls at once may end: what follows from one call after the other, and nothing else."""

from __future__ import annotations

import itertools
import re

import pytest

from conformance.binding import Scenario
from conformance.data import folder
from conformance.journal import Failure
from conformance.races import (
    ALONE,
    DELAYS,
    QUESTIONS,
    REFUSED,
    Ending,
    Left,
    accepts_remainder,
    contradiction,
    endings,
    is_allowed,
    is_undefine,
    left_of,
    serial_endings,
    start_of,
)
from conformance.situations import situation
from conformance.specification import load_specification
from conformance.view import View

NO_DOMAIN = Failure(42, "NO_DOMAIN", 10, "Domain not found")
#: What a driver answers about a remainder that runs.
REMAINDER = {
    "look-up by UUID": "u",
    "look-up by name": "u",
    "active": 1,
    "persistent": 0,
    "managed save image": 0,
    "listed as a domain": True,
    "listed as active": True,
    "listed as inactive": False,
    "listed as persistent": False,
    "listed as transient": True,
    "listed as running": True,
    "listed as having a managed save image": False,
}


def held() -> set[tuple[str, str, str]]:
    """Return the races that the features hold: the situation, the one call and the other."""
    scenarios = [s for s in load_specification().scenarios if s.rule == "UNDEF-033"]
    return {race_of(scenario) for scenario in scenarios}


def race_of(scenario: Scenario) -> tuple[str, str, str]:
    """Return the race that a scenario holds."""
    text = "\n".join(step.text for step in scenario.steps)
    words = re.search(r"a domain that is (.+)", text)
    calls = re.search(r"the one calls (.+) while the other calls (.+)", text)
    assert words
    assert calls
    return words[1], calls[1], calls[2]


def test_the_specification_shows_the_endings_of_every_race_that_is_held() -> None:
    """The table of the specification is what the function says, row by row."""
    page = (folder("spec") / "undefine.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (inactive|running) \| (undefine.*?) \| (.+?) \| (.+?) \|$", page, re.MULTILINE)
    shown = {(before, one, other): found for before, one, other, found in rows}
    assert set(shown) == held()
    for (before, one, other), found in shown.items():
        assert found == " · ".join(map(str, serial_endings(start_of(situation(before)), one, other)))


def test_one_of_two_undefines_succeeds() -> None:
    """Whatever the state, two undefines never both succeed, and one that can succeed does."""
    undefines = [call for call in ALONE if is_undefine(call)]
    for start, first, second in itertools.product(Left, undefines, undefines):
        possible = any(ALONE[call][start][0] == "" for call in (first, second))
        for ending in serial_endings(start, first, second):
            assert (ending.first, ending.second).count("") == int(possible)
        for ending in endings(start, first, second):
            assert (ending.first, ending.second).count("") <= 1


def test_nothing_that_runs_is_lost() -> None:
    """When a start has succeeded beside an undefine, the guest is there to be seen."""
    for call in ("undefine", "undefineFlags with no flag"):
        after = {e.left for e in endings(Left.INACTIVE, call, "create") if e.second == ""}
        assert after == {Left.REMAINDER, Left.RUNNING}


def test_no_image_is_lost_without_a_request() -> None:
    """When a managed save has succeeded beside a plain undefine, the image is there with its domain."""
    assert {e.left for e in endings(Left.RUNNING, "undefine", "managedSave") if e.second == ""} == {Left.SAVED}


@pytest.mark.parametrize(("first", "second"), list(itertools.product(ALONE, ALONE)))
def test_the_order_in_which_calls_are_named_means_nothing(first: str, second: str) -> None:
    """The endings of two calls are those of the same two, turned round."""
    for start in Left:
        turned = {Ending(e.second, e.first, e.left) for e in endings(start, second, first)}
        assert set(endings(start, first, second)) == turned


def test_every_call_is_described_in_every_state() -> None:
    """A call that fails leaves the state as it was, and one on a domain that is gone finds none."""
    for call, table in ALONE.items():
        assert set(table) == set(Left)
        assert all(left is start for start, (code, left) in table.items() if code)
        assert call.startswith("defineXML") or table[Left.GONE] == ("NO_DOMAIN", Left.GONE)


def test_what_no_order_leads_to_is_not_allowed() -> None:
    """A start and an undefine that both succeed leave neither nothing nor a domain that is defined."""
    allowed = endings(Left.INACTIVE, "undefine", "create")
    assert is_allowed(Ending("", "", Left.REMAINDER), allowed)
    assert not is_allowed(Ending("", "", Left.GONE), allowed)
    assert not is_allowed(Ending("", "", Left.RUNNING), allowed)
    assert not is_allowed(Ending("INTERNAL_ERROR", "", Left.RUNNING), allowed)
    assert not is_allowed(Ending("NO_DOMAIN", "NO_DOMAIN", Left.GONE), allowed)


def test_a_call_that_came_at_a_bad_moment_was_not_made() -> None:
    """A definition may fail with any code beside an undefine; an undefine may only give up waiting."""
    allowed = endings(Left.INACTIVE, "undefine", "defineXML with its definition")
    assert is_allowed(Ending("", "OPERATION_FAILED", Left.GONE), allowed)
    assert not is_allowed(Ending("", "OPERATION_FAILED", Left.INACTIVE), allowed)
    assert is_allowed(Ending("OPERATION_TIMEOUT", "", Left.INACTIVE), allowed)
    assert not is_allowed(Ending("OPERATION_FAILED", "", Left.INACTIVE), allowed)
    assert not is_allowed(Ending("OPERATION_TIMEOUT", "OPERATION_TIMEOUT", Left.INACTIVE), allowed)


@pytest.mark.parametrize("code", ["OPERATION_INVALID", "OPERATION_FAILED"])
def test_with_which_code_an_undefine_is_refused_for_the_state_is_another_rules_matter(code: str) -> None:
    """What counts is that one of the two was refused and that the domain is what the other left."""
    saved = endings(Left.RUNNING, "undefine", "managedSave")
    assert is_allowed(Ending(code, "", Left.SAVED), saved)
    assert not is_allowed(Ending(code, "", Left.GONE), saved)
    twice = endings(Left.RUNNING, "undefine", "undefine")
    assert is_allowed(Ending("", code, Left.REMAINDER), twice)
    assert not is_allowed(Ending(code, code, Left.RUNNING), twice)


def test_an_open_code_is_an_error_all_the_same() -> None:
    """Where the contract leaves a code open, success is not meant."""
    allowed = (Ending("", REFUSED, Left.GONE),)
    assert is_allowed(Ending("", "INTERNAL_ERROR", Left.GONE), allowed)
    assert not is_allowed(Ending("", "", Left.GONE), allowed)


def test_a_remainder_that_was_undefined_twice_is_another_rules_matter() -> None:
    """Only two undefines that both left the guest are that case."""
    both = Ending("", "", Left.REMAINDER)
    assert accepts_remainder(both, "undefine", "undefineFlags with no flag")
    assert not accepts_remainder(both, "undefine", "create")
    assert not accepts_remainder(Ending("", "", Left.GONE), "undefine", "undefine")


def test_a_state_is_known_only_by_answers_that_agree() -> None:
    """One list that says something else makes of a state a contradiction, which is told answer by answer."""
    assert left_of(View(REMAINDER)) is Left.REMAINDER
    for name, answer in REMAINDER.items():
        wrong = NO_DOMAIN if isinstance(answer, str) else not answer
        assert left_of(View({**REMAINDER, name: wrong})) is None
    assert "listed as active: no" in contradiction(View({**REMAINDER, "listed as active": False}))


def test_gone_means_that_nobody_knows_it() -> None:
    """A domain that is gone is found by no look-up, stands on no list and answers on no handle."""
    nowhere = {name: False if name.startswith("listed") else NO_DOMAIN for name in QUESTIONS}
    assert left_of(View(nowhere)) is Left.GONE
    for name in QUESTIONS:
        assert left_of(View({**nowhere, name: REMAINDER[name] or True})) is None


def test_the_rounds_try_both_sides_alike() -> None:
    """Each delay is tried for the one call as for the other, and none leads past the other's end."""
    assert sorted(DELAYS) == sorted(-delay for delay in DELAYS)
    assert max(DELAYS) < 1
    assert {0.0, 0.5, -0.5} == set(DELAYS[:3])
