"""``explore`` as a command: what it makes of what was found, and what it says of bad input."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.catalog import Catalog, Level
from conformance.explore.life import Kind, Op
from conformance.explore.outcome import Gathered, exit_code, fails
from conformance.explore.world import World
from conformance.render.exploration import lines
from conformance.specification import load_specification
from conformance.verdict import ExitCode
from conftest import Bench, script
from made_lives import CAN


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """Give the specification's rules."""
    return load_specification().catalog


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--seed", "-1"], "is not a number from 0"),
        (["--seed", "x"], "is not a number from 0"),
        (["--seconds", "0"], "is not a number of seconds"),
        (["--workers", "0"], "is not a number from 1"),
        (["--uri", ""], "the URI is empty"),
        (["--vice", "no-such-vice"], "there is no vice called 'no-such-vice'"),
        (["--report", "missing/explore.json"], "LVC-103"),
        (["--uri", "nosuch:///driver"], "LVC-302"),
    ],
    ids=" ".join,
)
def test_bad_input_is_one_sentence(bench: Bench, arguments: list[str], said: str) -> None:
    """What is wrong is said once, with its code, and the exit code is 2."""
    finished = bench.kit("explore", "--seconds", "1", *arguments)
    assert finished.code == 2
    assert said in finished.err
    assert finished.err.count("\n") == 1
    assert "Traceback" not in finished.said


def test_who_lacks_hypothesis_is_told_the_remedy(bench: Bench) -> None:
    """Without the extra the command says in one sentence how it is installed."""
    code = (
        "import importlib.util, sys; from conformance.cli import main; found = importlib.util.find_spec;"
        "importlib.util.find_spec = lambda name, *rest: None if name == 'hypothesis' else found(name, *rest);"
        "sys.exit(main(['explore']))"
    )
    finished = bench.run([script("python"), "-c", code])
    assert finished.code == 2
    assert finished.err.count("\n") == 1
    assert "pip install 'libvirt-conformance[explore]'" in finished.err


# What was gathered


def said(rule: str, life: list[str], **more: Any) -> dict[str, Any]:
    """Return a parting as a worker says it."""
    told = {
        "signature": [rule, "undefine", "succeeded", "inactive"], "life": life, "code": "", "before": "inactive",
        "expected": "it fails", "observed": "it succeeded", "besides": [], "shown_again": True, "shortest": True,
        "operations": 1, "reproducer": "",
    }  # fmt: skip
    return {**told, **more}


def test_a_parting_is_told_once_by_its_shortest_life(catalog: Catalog) -> None:
    """Of two lives that show the same the shorter is kept, and both are counted."""
    gathered = Gathered(catalog)
    assert gathered.note_parting(said("UNDEF-011", ["a", "b", "c"]))
    assert not gathered.note_parting(said("UNDEF-011", ["a", "b"]))
    assert not gathered.note_parting(said("UNDEF-011", ["a"], shown_again=False))
    (parting,) = gathered.told()
    assert (parting["life"], parting["times"], parting["level"], parting["fails"]) == (["a", "b"], 3, "MUST", True)


@pytest.mark.parametrize(
    ("level", "lost", "failing"),
    [(Level.MUST, False, True), (Level.SHOULD, False, False), (None, False, False), (None, True, True)],
)
def test_what_fails_a_search(level: Level | None, lost: bool, failing: bool) -> None:
    """A broken MUST and a lost process fail; a broken SHOULD and a gap in the specification do not."""
    assert fails(level, lost=lost) is failing


def test_the_exit_code_of_a_search(catalog: Catalog) -> None:
    """What went wrong around the lives outweighs what they showed."""
    gathered = Gathered(catalog)
    assert exit_code(gathered.told(), clean=True) is ExitCode.CONFORMANT
    gathered.note_parting(said("", ["a"]))
    assert exit_code(gathered.told(), clean=True) is ExitCode.CONFORMANT
    gathered.note_parting(said("UNDEF-011", ["a"]))
    assert exit_code(gathered.told(), clean=True) is ExitCode.NOT_CONFORMANT
    assert exit_code(gathered.told(), clean=False) is ExitCode.ERROR


def test_what_did_not_show_itself_again_does_not_count(catalog: Catalog) -> None:
    """A parting that was seen once is shown, and fails nothing."""
    gathered = Gathered(catalog)
    gathered.note_parting(said("UNDEF-011", ["a"], shown_again=False))
    (parting,) = gathered.told()
    assert not parting["fails"]


@pytest.mark.parametrize("closed_by", ["parted", "refused"])
def test_coverage_counts_what_can_be_reached(catalog: Catalog, closed_by: str) -> None:
    """States are counted against those of the model; what lies behind a parting apart, behind a refusal not at all."""
    gathered = Gathered(catalog)
    # Only who calls drivers imports the worker at once.
    from conformance.explore.worker import plain

    start, inactive = World(), World(None)
    assert gathered.coverage() == {}
    gathered.note_abilities(plain(CAN))
    gathered.note_end(
        {
            "operations": 3, "lives": 1, "processor_seconds": 1.0,
            "states": {inactive.code: 1}, "transitions": [[start.code, "defineXML", start.code, 1]],
            "parted": [], "refused": [],
            closed_by: [[start.code, Op(kind).code] for kind in (Kind.DEFINE, Kind.CREATE, Kind.CREATE_PAUSED)],
        }
    )  # fmt: skip
    states = gathered.coverage()["states"]
    # The namesake alone can still be defined, and started.
    assert (states["visited"], states["reachable"]) == (1, 3)
    assert (states["behind_partings"] > 300) is (closed_by == "parted")
    assert (states["behind_partings"] == 0) is (closed_by == "refused")


def test_a_gap_in_the_specification_is_said_to_be_one(catalog: Catalog) -> None:
    """What no rule speaks of is shown as that, after what breaks a rule."""
    gathered = Gathered(catalog)
    gathered.note_parting(said("", ["defineXML"], shortest=False))
    gathered.note_parting(said("UNDEF-011", ["defineXML", "undefine"]))
    numbers = {"visited": 1, "reachable": 2, "behind_partings": 0}
    document = {
        "driver": {"uri": "test:///default", "type": "TEST", "libvirt_version": 9000000}, "machine": {"type": "test"},
        "search": {
            "seed": 1, "operations": 10, "lives": 2, "seconds": 1.0, "workers": 1, "operations_per_second": 10.0,
            "libvirt_seconds": 0.5,
        },
        "coverage": {
            "states": numbers, "transitions": numbers, "states_not_visited": [], "operations_lacking": ["rename"],
        },
        "inventory": {"objects": 1, "identical": True, "changed": []}, "problems": [],
        "partings": gathered.told(), "summary": {"exit_code": 1, "partings": 2, "failing": 1},
    }  # fmt: skip
    shown = "\n".join(lines(document))
    assert shown.index("✘ UNDEF-011 (MUST)") < shown.index("! no rule says")
    assert "a gap in the specification" in shown
    assert "no time to see whether a shorter life shows it too" in shown
    assert "partings:    2, 1 of them against a MUST, 1 where no rule says" in shown
