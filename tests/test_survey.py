"""What is kept of a survey: a few numbers, and each fault in the smallest combination that shows it."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from conformance.cell import Fault
from conformance.decision import KNOWN, Holding, State, decide
from conformance.flags import Undefine
from conformance.regions import VALUES, Region
from conformance.survey import Decisions, Finding, Survey, call_words, size

SUCCEEDED = Fault("UNDEF-011", "succeeded", "it is refused", "it succeeded", ("active",))
CHANGED = Fault("UNDEF-028", "changed snapshots", "as it was", "snapshots: was 1, is 0")


def test_what_few_flags_bring_about_more_do_as_well() -> None:
    """A union of flags with the same sign is one more cell of the cause, and none of its own."""
    finding = Finding("inactive")
    assert finding.blame(0b001, SUCCEEDED) is not None
    assert finding.blame(0b011, SUCCEEDED) is None
    assert finding.blame(0b010, SUCCEEDED) is not None
    assert finding.blame(0b011, CHANGED) is not None
    assert [(cause.flags, cause.cells) for cause in finding.causes] == [(0b001, 2), (0b010, 1), (0b011, 1)]


@given(st.sets(st.sampled_from(VALUES)))
def test_however_many_cells_show_a_fault_few_are_kept(convicted: set[int]) -> None:
    """The causes are the smallest combinations, none within another, and every cell is counted once."""
    finding = Finding("inactive")
    for flags in sorted(convicted, key=size):
        finding.blame(flags, SUCCEEDED)
    kept = {cause.flags for cause in finding.causes}
    assert kept == {flags for flags in convicted if not any(o != flags and o & flags == o for o in convicted)}
    assert sum(cause.cells for cause in finding.causes) == len(convicted)


def test_cells_are_counted_for_each_rule_that_they_are_about() -> None:
    """A convicted cell upholds no rule."""
    finding = Finding("inactive")
    finding.note(frozenset({"UNDEF-011", "UNDEF-028"}), 1, upheld=True)
    finding.note(frozenset({"UNDEF-011", "UNDEF-028"}), 2, upheld=False)
    finding.note(frozenset({"UNDEF-011"}), 4, upheld=True)
    finding.note(frozenset({"UNDEF-012"}), 8, upheld=False)
    assert (finding.cells, finding.convicted) == (15, 10)
    assert dict(finding.decided) == {"UNDEF-011": 7, "UNDEF-012": 8, "UNDEF-028": 3}
    assert dict(finding.upheld) == {"UNDEF-011": 5, "UNDEF-028": 1}


def test_answers_that_differ_are_counted_and_some_are_told() -> None:
    """A driver that never answers twice alike does not fill the report."""
    finding = Finding("inactive")
    for flags in VALUES:
        finding.note_inconsistent(flags, "it succeeded", "it failed")
    assert finding.inconsistent == len(VALUES)
    assert finding.answers == [(flags, "it succeeded", "it failed") for flags in range(5)]


def test_a_finding_survives_the_way_between_processes() -> None:
    """Everything that was found arrives as it was."""
    finding = Finding("inactive-image", why="the guest did not stop")
    finding.note(frozenset({"UNDEF-011"}), 1, upheld=True)
    cause = finding.blame(5, SUCCEEDED)
    assert cause is not None
    cause.reproducer = "import libvirt\n"
    finding.note_inconsistent(5, "it succeeded", "it failed")
    sent = json.loads(json.dumps(finding.as_json()))
    assert Finding.from_json(sent).as_json() == json.loads(json.dumps(finding.as_json()), object_hook=_tuples)


def _tuples(values: dict[str, object]) -> dict[str, object]:
    if "answers" in values:
        values["answers"] = [tuple(answer) for answer in values["answers"]]  # type: ignore[attr-defined]
    return values


def test_small_values_come_first() -> None:
    """By the number of flags, then by their value."""
    assert sorted([3, 4, 0, 1, 128], key=size) == [0, 1, 4, 128, 3]


def test_a_call_is_told_by_its_flags() -> None:
    """A person reads names, and a number only for what has none."""
    assert call_words(0) == "undefineFlags with no flag"
    assert call_words(Undefine.NVRAM | 0x80) == "undefineFlags with NVRAM and 0x80"


def test_a_survey_is_complete_when_every_value_is_asked() -> None:
    """Its id is that of its region, whatever is asked."""
    region = Region(State.INACTIVE)
    assert Survey(region).complete
    assert not Survey(region, (0, 1)).complete
    assert Survey(region, (0,)).id == Survey(region).id == "table/inactive"


def test_what_a_region_demands_follows_from_what_the_driver_takes() -> None:
    """Each value of the flags has the contract's decision, for a driver that takes these flags."""
    region, taken = Region(State.RUNNING, frozenset({Holding.NVRAM})), KNOWN & ~Undefine.TPM
    demanded = Decisions(region, taken)
    for flags in VALUES:
        assert demanded[flags] == demanded[flags] == decide(State.RUNNING, region.held, flags, taken)
    assert demanded[Undefine.TPM] != Decisions(region, KNOWN)[Undefine.TPM]
