"""The second door: pytest's own command with a URI, and what the plugin does where there is none."""

from __future__ import annotations

import json
import re
from collections import Counter
from types import SimpleNamespace
from typing import cast

import pytest

from conformance.covering import pairwise
from conformance.regions import all_regions
from conformance.suite import plugin
from conftest import Bench, Judged

DOOR = ("--pyargs", "conformance", "--libvirt-uri=test:///default")
FEW = ("--libvirt-rule=UNDEF-011", "-n", "1")
HUSH = "S3cr3t"


def outcomes(report: object) -> dict[str, str]:
    """Return the outcome of every scenario."""
    return {s["id"]: s["outcome"] for rule in report["rules"] for s in rule["scenarios"]}  # type: ignore[index]


def test_a_worker_begins_no_run_of_its_own() -> None:
    """A worker has the caller's options and so the URI, and must not begin a run with workers of its own."""
    worker = SimpleNamespace(option=SimpleNamespace(libvirt_uri="test:///default", collectonly=False), workerinput={})
    assert plugin.pytest_cmdline_main(cast("pytest.Config", worker)) is None


def test_both_doors_lead_to_the_same(bench: Bench, judged: Judged) -> None:
    """pytest's command comes to the same outcomes, with the same exit code, and its own list of what ran."""
    finished = bench.pytest(*DOOR, "--libvirt-report=report.json", "--junit-xml=junit.xml")
    report = bench.report()
    assert report["complete"] is True
    assert finished.code == report["summary"]["exit_code"] == judged.finished.code
    assert outcomes(report) == outcomes(judged.report)
    failed, passed = map(int, re.findall(r"(\d+) (?:failed|passed)", finished.out.splitlines()[-1]))
    counted = Counter(said for name, said in outcomes(report).items() if not name.partition("/")[2].startswith("table"))
    # Of the decision table pytest lists the regions, and the report what they have shown about each rule.
    cannot = {region["domain"] for region in report["decision_table"]["not_reached"]}
    surveys = pairwise([region for region in all_regions() if region.words not in cannot], 3)
    assert failed + passed == counted["violated"] + counted["upheld"] + len(surveys)
    assert failed > counted["violated"]
    assert "UNDEF-007 violated" in finished.out


def test_both_doors_have_the_gate(bench: Bench, judged: Judged) -> None:
    """By this door too a baseline lets pass what never held, and a recorded deviation that is stale does not."""
    old = f"--libvirt-baseline={judged.bench.folder / 'report.json'}"
    few = ("--libvirt-rule=UNDEF-017", "-n", "1", "--libvirt-report=report.json")
    assert bench.pytest(*DOOR, *few, old).code == 0
    assert {c["rule"] for c in bench.report()["baseline"]["still_broken"]} == {"UNDEF-017"}
    text = "[[deviation]]\nrule = 'UNDEF-011'\nreason = 'r'\nlink = 'https://e.org'\nuntil = 2099-01-01\n"
    (bench.folder / "d.toml").write_text(text)
    finished = bench.pytest(*DOOR, *FEW, "--libvirt-deviations=d.toml")
    assert finished.code == 1
    assert "d.toml:1: stale: UNDEF-011: it is upheld; remove the entry" in finished.out


def test_a_failure_leads_with_the_requirement(bench: Bench) -> None:
    """What pytest shows of a violated scenario is the rule, the demand, the observation and the script."""
    finished = bench.pytest(*DOOR, "--libvirt-rule=UNDEF-007", "--libvirt-level=should", "-n", "1")
    assert finished.code == 1
    shown = finished.out[finished.out.index("FAILURES") :]
    assert shown.index("violated: UNDEF-007: ") < shown.index("expected: ") < shown.index("import libvirt")
    assert "Traceback" not in finished.said
    assert "pytest_bdd" not in shown


def test_a_hostile_folder_changes_nothing(bench: Bench) -> None:
    """The configuration and the plugins of the folder are about other tests."""
    (bench.folder / "pytest.ini").write_text("[pytest]\naddopts = -x --collect-only -m slow\nfilterwarnings = error\n")
    (bench.folder / "conftest.py").write_text("raise SystemExit('hostile')\n")
    (bench.folder / "test_own.py").write_text("raise SystemExit('hostile')\n")
    finished = bench.pytest(*DOOR, *FEW, "--libvirt-report=report.json")
    assert (finished.code, finished.err) == (0, "")
    assert bench.report()["complete"] is True


@pytest.mark.parametrize(
    "more",
    [("-n", "0"), ("-n", "2", "-v", "-x", "-rA", "--maxfail=1", "-p", "no:cacheprovider")],
    ids=" ".join,
)
def test_pytests_own_options_do_no_harm(bench: Bench, more: tuple[str, ...]) -> None:
    """How many workers there are and how much is shown is pytest's; the verdict is the kit's."""
    finished = bench.pytest(*DOOR, "--libvirt-rule=UNDEF-011", *more, "--libvirt-report=report.json")
    assert (finished.code, finished.err) == (0, "")
    report = bench.report()
    assert report["complete"] is True
    assert report["rules"][10]["verdict"] == "upheld"


def test_pytests_own_command_is_told_of_every_phase(bench: Bench) -> None:
    """Its other plugins expect it, such as the one that shows what takes long; and nothing warns of the kit's ways."""
    finished = bench.pytest(*DOOR, *FEW, "--durations=0", "-vv")
    assert finished.code == 0
    assert {word for word in ("setup", "call", "teardown") if re.search(rf"s {word} +\S*UNDEF-011", finished.out)} == {
        "setup", "call", "teardown",
    }  # fmt: skip
    assert "warning" not in finished.said.lower()


SETS = """\
import os, pathlib

def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        os.environ["SEEN"] = "by all"

def pytest_unconfigure(config):
    if hasattr(config, "workerinput"):
        pathlib.Path(f"{config.workerinput['workerid']}.seen").write_text(str(os.environ.get("SEEN")))
"""


def test_workers_have_the_environment_that_plugins_made(bench: Bench) -> None:
    """Although the processes that they are forked of was begun before."""
    (bench.folder / "sets.py").write_text(SETS)
    assert bench.pytest("-p", "sets", *DOOR, *FEW, PYTHONPATH=str(bench.folder)).code == 0
    assert (bench.folder / "gw0.seen").read_text() == "by all"


@pytest.mark.parametrize("more", [("-k", "removed"), ("-m", "UNDEF-011"), ("--collect-only",)], ids=" ".join)
def test_another_way_to_select_is_refused(bench: Bench, more: tuple[str, ...]) -> None:
    """A selection that the report would not know of is refused, with the option that does it."""
    finished = bench.pytest(*DOOR, *more)
    assert finished.code != 0
    assert "--libvirt-rule" in finished.err
    assert "Traceback" not in finished.said


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((f"--libvirt-uri=qemu+tls://me:{HUSH}@[::1/system",), "LVC-301"),
        (("--libvirt-uri=test:///default", "--libvirt-rule=UNDEF-999"), "LVC-102"),
        ((f"--libvirt-uri=test+unix:///default?token={HUSH}&socket=/nonexistent",), "LVC-302"),
    ],
    ids=["malformed URI", "unknown rule", "no daemon"],
)
def test_a_callers_mistake_is_told_in_a_sentence(bench: Bench, arguments: tuple[str, ...], code: str) -> None:
    """A mistake is no traceback of pytest's, ends with another code than 0 and 1, and shows no password."""
    finished = bench.pytest("--pyargs", "conformance", *arguments)
    assert finished.code not in (0, 1)
    assert code in finished.said
    assert "Traceback" not in finished.said
    assert HUSH not in finished.said


@pytest.mark.parametrize("timeout", ["0", "nan", "x"])
def test_a_time_that_is_none_is_refused(bench: Bench, timeout: str) -> None:
    """The option for the time is checked as the command's is."""
    finished = bench.pytest(*DOOR, f"--libvirt-timeout={timeout}")
    assert finished.code not in (0, 1)
    assert "timeout" in finished.err
    assert "Traceback" not in finished.said


@pytest.mark.parametrize("option", ["report", "deviations", "baseline"])
def test_a_sign_for_standard_output_is_no_file(bench: Bench, option: str) -> None:
    """The options for files are checked as the command's are, and no file of that name is made."""
    finished = bench.pytest(*DOOR, *FEW, f"--libvirt-{option}=-")
    assert finished.code not in (0, 1)
    assert f"--libvirt-{option}: '-' names no file here" in finished.err
    assert not (bench.folder / "-").exists()


OTHERS = """\
import sys

def test_own():
    assert "libvirt" not in sys.modules
    assert not [name for name in sys.modules if name.startswith("conformance.") and name != "conformance.suite.plugin"
                and name != "conformance.suite"]

def test_failing():
    assert False
"""
FEATURE = "Feature: Any\n  @UNDEF-011 @slow\n  Scenario: Any\n    Given nothing\n"
BOUND = """\
from pytest_bdd import given, scenarios
scenarios("any.feature")

@given("nothing")
def nothing(request):
    assert {mark.name for mark in request.node.iter_markers()} >= {"slow"}
"""


def test_other_tests_are_left_alone(bench: Bench) -> None:
    """Without a URI the plugin changes nothing and loads next to nothing, whether workers are used or not."""
    (bench.folder / "test_own.py").write_text(OTHERS)
    (bench.folder / "pytest.ini").write_text("[pytest]\naddopts = -rf\n")
    (bench.folder / "conftest.py").write_text("def pytest_report_header():\n    return 'own header'\n")
    for more in ((), ("-n", "1")):
        finished = bench.pytest(*more)
        assert finished.code == 1
        assert "1 failed, 1 passed" in finished.out
        assert "own header" in finished.out
        assert "FAILED test_own.py::test_failing" in finished.out


def test_others_features_keep_their_tags(bench: Bench) -> None:
    """Who writes scenarios of his own with pytest-bdd gets his marks as without the kit."""
    (bench.folder / "any.feature").write_text(FEATURE)
    (bench.folder / "test_any.py").write_text(BOUND)
    finished = bench.pytest("-p", "no:cacheprovider")
    assert finished.code == 0, finished.said


def test_the_package_without_a_uri_holds_no_tests(bench: Bench) -> None:
    """Who forgets the URI is not told that everything passed, but what is missing."""
    for arguments in (("--pyargs", "conformance"), ("--libvirt-rule=UNDEF-011",), ("--libvirt-report=report.json",)):
        finished = bench.pytest(*arguments)
        assert finished.code not in (0, 1)
        assert "give it by --libvirt-uri=URI" in finished.err
        assert "Traceback" not in finished.said


def test_no_password_is_shown(bench: Bench) -> None:
    """Neither pytest's header nor its report repeats the password of the URI."""
    uri = f"--libvirt-uri=test:///default?password={HUSH}"
    finished = bench.pytest("--pyargs", "conformance", uri, *FEW, "--libvirt-report=report.json", "-v")
    assert finished.code == 0
    assert HUSH not in finished.said + json.dumps(bench.report())
