"""What README.md and the page about reports show is what the kit prints, and what they name is what there is."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from conformance.formats import FORMATS
from conformance.render.terminal import Screen
from conformance.report import read_report
from conftest import Bench, Judged

ROOT = Path(__file__).parents[1]
#: What differs from run to run, and from machine to machine: the kit's own names, UUIDs, how long it took with how many
#: workers; and the lines of the features, which move with every scenario.
PASSING = re.compile(
    r"lvc-[0-9a-f]{8}-\w+-\d+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|\d+\.\d s\b|with \d+ workers?|(?<=\.feature:)\d+"
)
#: The release whose runs the pages show.
SHOWN = 9_000_000
#: Of ``lab`` its own page tells.
COMMANDS = (
    "run", "diff", "deviations", "merge", "prove", "probe", "render", "matrix", "list", "explain", "explore",
    "clean", "drift", "lint",
)  # fmt: skip


def lines_of(text: str) -> list[str]:
    """Return the lines of a text without what differs from run to run."""
    return PASSING.sub("", text).splitlines()


def shown(page: str) -> list[str]:
    """Return the lines that the runs on a page consist of."""
    blocks = re.findall(r"^```text\n(.*?)^```$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in lines_of(block)]
    return [line for line in lines if line and not line.startswith("$ ") and line.strip() != "…"]


def test_the_run_that_readme_shows_is_one_of_these_days(judged: Judged) -> None:
    """Each line of the run in README.md is printed by a run on the release that it is of."""
    if judged.report["driver"]["libvirt_version"] != SHOWN:
        pytest.skip("README shows a run on libvirt 9.0.0, and this machine has another")
    there = set(lines_of(judged.finished.out))
    assert shown("README.md")
    assert [line for line in shown("README.md") if line not in there] == [], "./kit run prints them otherwise by now"


def test_the_run_that_is_explained_is_published() -> None:
    """Each line of the run that the page about reports explains is printed of the published report of that driver."""
    stream = io.StringIO()
    report = read_report(ROOT / "results" / "bookworm-embed.json")
    Screen(stream).end(report, None)
    there = {*lines_of(stream.getvalue()), f"Judging qemu:///embed by {len(report['rules'])} rules …"}
    lines = shown("docs/reading-a-report.md")
    assert lines
    assert [line for line in lines if line not in there] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_each_option_is_told(bench: Bench, command: str) -> None:
    """The row of a command in README.md names every option that the command says it has."""
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    (row,) = (line for line in page.splitlines() if re.match(rf"\| .*`{command}\b.* \|", line))
    found = set(re.findall(r"--[a-z][a-z-]+", bench.kit(command, "--help").out.partition("options:")[2]))
    told = set(re.findall(r"--[a-z][a-z-]+", row)) | {"--help"}
    if command == "render":
        # The page that the row leads to has a table of them.
        told |= {f"--{form.name}" for form in FORMATS}
    assert sorted(found - told) == []
