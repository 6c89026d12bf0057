"""Many reports side by side: every cell says what its report says, in each form, however many there are."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from conformance.matrix import Matrix, make_matrix, names_of
from conformance.render import matrix as forms
from conformance.render import matrix_page
from conftest import Bench
from example import example
from test_forms import HOSTILE, STEERING, Skeleton, blocks_of, hostile


def other() -> dict[str, Any]:
    """Return a report of a later specification: it lacks a rule, has another, and says other things."""
    report = example()
    report["spec"]["digest"] = "sha256:" + 64 * "1"
    report["driver"] |= {"type": "QEMU", "libvirt_version": 11003000}
    report["rules"] = [rule for rule in report["rules"] if rule["id"] != "UNDEF-005"]
    report["rules"][0] |= {"verdict": "upheld"}
    report["rules"].append({**example()["rules"][4], "id": "UNDEF-009"})
    report["capabilities"][1]["present"] = True
    return report


@pytest.fixture
def two() -> Matrix:
    """Give the matrix of two reports that differ."""
    return make_matrix([("old", example()), ("new", other())])


def test_each_cell_is_what_its_report_says(two: Matrix) -> None:
    """A rule that a report does not know has no cell there; all others have its verdict."""
    found = {row.id: [cell.value if cell else None for cell in row.cells] for row in two.rows}
    assert found["UNDEF-001"] == ["violated", "upheld"]
    assert found["UNDEF-005"] == ["upheld", None]
    assert found["UNDEF-009"] == [None, "upheld"]
    assert found["nvram"] == ["no", "yes"]
    assert found["MANAGED_SAVE"] == ["yes", "yes"]
    assert [row.id for row in two.of_kind("rule")] == sorted(row.id for row in two.of_kind("rule"))


def test_a_cell_says_why(two: Matrix) -> None:
    """Behind a verdict stand the numbers of its scenarios and what convicted."""
    cell = two.rows[0].cells[0]
    assert cell is not None
    assert cell.tally == {"violated": 1, "upheld": 1, "not-applicable": 1}
    assert cell.note == "expected: undefine is refused; observed: it succeeded"


def test_what_differs_is_kept(two: Matrix) -> None:
    """Rows on which all agree, or of which only one report speaks, are left out on demand."""
    assert [row.id for row in two.differing().rows] == ["UNDEF-001", "nvram"]


def test_different_texts_are_told(two: Matrix) -> None:
    """That two reports were judged by different texts stands above the matrix."""
    assert any("2 different texts" in note for note in two.notes)
    assert not any("different texts" in note for note in make_matrix([("a", example()), ("b", example())]).notes)


def test_names_tell_files_apart() -> None:
    """A file is called by its stem, and by its path where another has the same stem."""
    paths = [Path("a/trixie.json"), Path("b/trixie.json"), Path("sid.json"), Path("sid.json")]
    assert names_of(paths) == ["a/trixie.json", "b/trixie.json", "sid.json", "sid.json (2)"]


@pytest.mark.parametrize("count", [1, 9, 12, 50])
def test_columns_stand_under_their_numbers(count: int) -> None:
    """However many subjects there are, the sign of each stands under the last digit of its number."""
    reports = [(f"subject{number}", example()) for number in range(count)]
    reports[-1][1]["rules"][0]["verdict"] = "inconclusive"
    lines = forms.text(make_matrix(reports), 200).split("\n")
    heading = next(line for line in lines if line.startswith("rules "))
    row = next(line for line in lines if line.startswith("UNDEF-001 "))
    assert row.index("!") == len(heading) - 1
    assert heading[-1] == str(count)[-1]


def test_fifty_subjects_fit(two: Matrix) -> None:
    """A line for a rule is as wide as a terminal, or as the signs need."""
    written = forms.text(make_matrix([(f"s{number}", example()) for number in range(50)]), 80)
    assert max(len(line) for line in written.split("\n") if line.startswith("UNDEF-")) <= 80


def test_csv_is_read_back(two: Matrix) -> None:
    """A spreadsheet gets every row and every report, and no formula."""
    two = make_matrix([("=cmd|x", example()), ("new", other())])
    rows = list(csv.reader(forms.csv_text(two).splitlines()))
    assert rows[0] == ["kind", "id", "level", "title", "'=cmd|x", "new"]
    assert ["rule", "UNDEF-001", "MUST", "Title of UNDEF-001", "violated", "upheld"] in rows
    assert {len(row) for row in rows} == {6}


def test_json_says_everything(two: Matrix) -> None:
    """Other programs get the cells with their numbers and reasons."""
    document = json.loads(forms.json_text(two))
    assert [subject["name"] for subject in document["subjects"]] == ["old", "new"]
    assert document["rows"][0]["cells"]["old"]["value"] == "violated"
    assert document["rows"][0]["cells"]["old"]["scenarios"]["upheld"] == 1


def test_the_page_has_a_cell_for_each(two: Matrix) -> None:
    """A cell can be pressed, and says to a screen reader which it is."""
    labels = [value for name, value in Skeleton(matrix_page.render(two)).values if name == "aria-label"]
    assert "UNDEF-001, old: violated" in labels
    cells = [cell for row in two.rows for cell in row.cells if cell]
    assert len([label for label in labels if label.count(", ") == 1 and ": " in label]) == len(cells)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_text_stays_text(text: str) -> None:
    """Nothing that a driver or a file's name says gets out of its place in any form."""
    benign = make_matrix([("x", hostile("x")), ("y", hostile("y"))])
    bad = make_matrix([(f"x{text}", hostile(text)), (f"y{text}", hostile(text))])
    for maker in (forms.text, forms.markdown, forms.csv_text, forms.json_text, matrix_page.render):
        written = maker(bad)
        written.encode()
        assert not STEERING.search(written)
    assert Skeleton(matrix_page.render(bad)).tags == Skeleton(matrix_page.render(benign)).tags
    assert blocks_of(forms.markdown(bad)) == blocks_of(forms.markdown(benign))
    assert len(list(csv.reader(forms.csv_text(bad).splitlines()))) == len(bad.rows) + 1


def test_the_command_shows_and_writes(bench: Bench) -> None:
    """Without a file the matrix is printed, with files it is written; a bad report is one sentence."""
    for name, report in (("old", example()), ("new", other())):
        (bench.folder / f"{name}.json").write_text(json.dumps(report), encoding="utf-8")
    finished = bench.kit("matrix", "old.json", "new.json")
    assert finished.code == 0, finished.err
    assert "UNDEF-001 MUST   ✘ ✔  Title of UNDEF-001" in finished.out
    finished = bench.kit("matrix", "old.json", "new.json", "--differing", "--csv", "m.csv", "--html", "m.html")
    assert (finished.code, finished.said) == (0, "")
    assert len((bench.folder / "m.csv").read_text(encoding="utf-8").splitlines()) == 3
    (bench.folder / "new.json").write_text("{", encoding="utf-8")
    finished = bench.kit("matrix", "old.json", "new.json", "--csv", "-")
    assert (finished.code, finished.out) == (2, "")
    assert finished.err.startswith("libvirt-conformance: LVC-401 new.json: ")
