"""The journal of calls, and the black box that outlives a worker."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.journal import BlackBox, Entry, Failure, Journal, Outcome

AGAIN = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
TEXTS = st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


def entry(method: str) -> Entry:
    """Return a call that a scenario made."""
    return Entry("dom", method, (), "", None, "When")


def methods(journal: Journal) -> list[str]:
    """Return the methods of the calls that are kept."""
    return [kept.method for kept in journal.entries]


@AGAIN
@given(st.lists(TEXTS, min_size=1))
def test_the_box_holds_what_was_written_last(tmp_path: Path, texts: list[str]) -> None:
    """The last text is read back, cut to the page's size, and nothing of those before it shows through."""
    box = BlackBox(tmp_path / "box")
    for text in texts:
        box.write(text)
    whole = texts[-1].encode()[: BlackBox.SIZE - 1].decode("utf-8", "replace")
    assert BlackBox.read(tmp_path / "box") == whole


def test_a_box_that_was_never_written_is_empty(tmp_path: Path) -> None:
    """A worker that ended before its first call, or before its box was there, was in no call."""
    BlackBox(tmp_path / "box")
    assert BlackBox.read(tmp_path / "box") == ""
    assert BlackBox.read(tmp_path / "nowhere") == ""


def test_the_box_names_the_call_under_way_and_no_other(tmp_path: Path) -> None:
    """While a call runs the box names it; between two calls it names the scenario alone."""
    journal = Journal(box=BlackBox(tmp_path / "box"))
    journal.begin("UNDEF-001/removed")
    journal.enter("dom", "undefine")
    assert BlackBox.read(tmp_path / "box").split("\n")[:2] == ["UNDEF-001/removed", "dom.undefine"]
    journal.leave(entry("undefine"), 0.5)
    assert BlackBox.read(tmp_path / "box").split("\n")[:2] == ["UNDEF-001/removed", ""]


def test_the_box_names_a_scenario_before_its_first_call(tmp_path: Path) -> None:
    """A worker that ends before a scenario's first call was at that scenario, and in no call of the one before."""
    journal = Journal(box=BlackBox(tmp_path / "box"))
    journal.begin("UNDEF-001/removed")
    journal.leave(entry("undefine"), 0.5)
    journal.begin("UNDEF-002/goes-on")
    assert BlackBox.read(tmp_path / "box").split("\n")[:2] == ["UNDEF-002/goes-on", ""]


def test_a_scenario_begins_with_an_empty_journal() -> None:
    """The calls of the scenario before are forgotten; the sums go on."""
    journal = Journal()
    journal.begin("UNDEF-001/removed")
    journal.leave(entry("undefine"), 0.5)
    journal.begin("UNDEF-002/goes-on")
    journal.leave(entry("create"), 0.25)
    assert (methods(journal), journal.seconds, journal.calls) == (["create"], 0.75, 2)


def test_an_attempt_that_changed_nothing_is_dropped() -> None:
    """Of many attempts at one refusal the last is kept, behind what set the scene."""
    journal = Journal()
    journal.begin("UNDEF-011/removed")
    for method in ("defineXML", "managedSave"):
        journal.leave(entry(method), 0)
    for method in ("first", "second", "third"):
        journal.next_attempt()
        journal.leave(entry(method), 0)
    assert methods(journal) == ["defineXML", "managedSave", "third"]


def test_attempts_in_another_situation_keep_those_before() -> None:
    """What a When did before the next begins is a part of the story."""
    journal = Journal()
    journal.begin("UNDEF-011/removed")
    for when in ("a", "b"):
        journal.keep_attempt()
        for number in "12":
            journal.next_attempt()
            journal.leave(entry(when + number), 0)
    assert methods(journal) == ["a2", "b2"]


def test_an_outcome_is_a_success_or_names_its_error() -> None:
    """What came back is said in a word, or in the error's name and message."""
    failure = Failure(55, "OPERATION_INVALID", 10, "not now")
    assert (Outcome("undefine", 0).ok, str(Outcome("undefine", 0)), Outcome("undefine", 0).code) == (
        True,
        "success",
        "",
    )
    failed = Outcome("undefine", None, failure)
    assert (failed.ok, str(failed), failed.code) == (False, "OPERATION_INVALID (not now)", "OPERATION_INVALID")
    assert str(Failure(55, "OPERATION_INVALID", 10, "")) == "OPERATION_INVALID"
