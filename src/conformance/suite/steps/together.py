"""Two clients at once: the same domain, two calls at the same moment, and how that may end."""

from __future__ import annotations

import pytest
from pytest_bdd import given, parsers, then, when

from conformance.driver.setbacks import NotReached
from conformance.judgement import NotRefused, Race, Violation
from conformance.races import accepts_remainder, endings, is_allowed, serial_endings, start_of
from conformance.situations import situation
from conformance.suite.case import Case
from conformance.suite.contest import Contest, Round


@pytest.fixture
def contest() -> Contest:
    """Give the rounds of a scenario."""
    return Contest()


@given(parsers.re(r"two clients that share, round after round, a domain that is (?P<words>.+)"))
def two_clients(case: Case, contest: Contest, words: str) -> None:
    """Open a second connection; each round brings a domain of its own into the situation."""
    contest.words = words
    contest.second = case.session.connect_extra()
    if "events" in case.knowledge.capabilities:
        case.record(case.session.connection)


@when(parsers.re(r"the one calls (?P<text>.+) while the other calls (?P<text2>.+)"))
def call_at_once(case: Case, contest: Contest, text: str, text2: str) -> None:
    """Make both calls at the same moment, round after round."""
    contest.run(case, text, text2)
    case.counted.append(str(contest))


@then("every round ends as if one call had come after the other")
def ends_in_order(case: Case, contest: Contest) -> None:
    """Judge how the calls ended together with what they left, on both connections."""
    start = start_of(situation(contest.words))
    allowed = endings(start, *contest.calls)
    wrong = [each for each in contest.rounds if each.ending is None or not is_allowed(each.ending, allowed)]
    if all(each.ending is not None and accepts_remainder(each.ending, *contest.calls) for each in wrong):
        _demand_that_remainders_are_refused(case, wrong)
    orders = (ending.of(*contest.calls) for ending in serial_endings(start, *contest.calls))
    _convict(case, contest, wrong, ", or ".join(orders))
    moved = [each for each in contest.rounds if each.moved]
    _convict(case, contest, moved, "the guest keeps its id", "; the guest has another id")


def _demand_that_remainders_are_refused(case: Case, wrong: list[Round]) -> None:
    """Leave a driver that lets a remainder be undefined, also without a race, to the rule about that."""
    if not wrong:
        return
    remainder = case.set_up("running and made transient by undefine")
    if remainder.handle.look("undefine").ok:
        raise NotRefused("the driver lets a transient domain be undefined, so one call after the other succeeds too")


@then("no guest is left running whose domain is gone")
def no_stray(case: Case, contest: Contest) -> None:
    """Judge by the events of each round that left no domain: whatever was started was stopped."""
    stray = [each for each in contest.rounds if each.stray]
    _convict(case, contest, stray, "no guest runs that no list shows", "; a guest was started and not stopped")


@then("a domain defined again has no managed save image")
def no_image_left(case: Case, contest: Contest) -> None:
    """Judge, for each round that left no domain, the domain that was defined after it."""
    heirs = [each for each in contest.rounds if each.heir is not None and each.heir.value == 1]
    _convict(case, contest, heirs, "no managed save image is left", "; a domain defined again has a managed save image")


def _convict(case: Case, contest: Contest, wrong: list[Round], expected: str, more: str = "") -> None:
    if not contest.rounds:
        raise NotReached("no round was held")
    if not wrong:
        return
    first = wrong[0]
    number = f"in {len(wrong)} of {len(contest.rounds)} rounds"
    raise Violation(
        expected,
        f"{number}, for example: {first.said}{more}",
        race=Race(
            contest.setting_up,
            contest.made,
            number,
            contest.longest,
            case.subject.owned.uuid,
        ),
    )
