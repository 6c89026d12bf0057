"""The support matrix: the same findings as a page, as CSV and as JSON, also of many drivers and rules."""

from __future__ import annotations

import csv
import html.parser
import io
import json

import pytest

from conformance.catalog import Capability, Catalog, Level, Rule
from conformance.subjects import Subject, in_order
from conformance.support import Matrix, as_csv, as_html, as_json, matrix_of
from published import many, report


def catalog(rules: int) -> Catalog:
    """Return a specification with so many rules."""
    ids = [f"DEMO-{number:03}" for number in range(1, rules + 1)]
    made = {one: Rule(one, f"Title <{one}>", "It holds.", Level.MUST, 1, (), "", "", "spec/demo.md", 1) for one in ids}
    capabilities = {f"capability-{at}": Capability(f"capability-{at}", f"can {at}", "tried") for at in range(20)}
    return Catalog(made, {}, capabilities, "Demo", "1", "")


@pytest.fixture(scope="module")
def large() -> Matrix:
    """Return the matrix of 50 drivers and 100 rules."""
    return matrix_of(catalog(100), in_order(Subject(name, one) for name, one in many(50, 100).items()))


class Cells(html.parser.HTMLParser):
    """Counts what a browser would find in the table."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a row or a cell."""
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        """Add to the cell."""
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def page(matrix: Matrix) -> str:
    """Return the matrix as a page has it."""
    return as_html(matrix, "../spec", "subjects", "../_static/script.js")


def test_fifty_drivers_and_a_hundred_rules_stay_a_small_page(large: Matrix) -> None:
    """The table is whole without a script, and lighter than 250 kB."""
    text = page(large)
    assert len(text.encode()) < 250_000
    cells = Cells()
    cells.feed(text)
    assert len(large.subjects) == 50
    assert [len(row) for row in cells.rows] == [51] * (1 + 100 + 20 + 2)


def test_the_three_forms_say_the_same(large: Matrix) -> None:
    """Each cell of the page is a line of the CSV file and an entry of the document."""
    lines = {(one["id"], one["subject"]): one for one in csv.DictReader(io.StringIO(as_csv(large)))}
    document = json.loads(as_json(large))
    cells = Cells()
    cells.feed(page(large))
    words = {"n/a": "not-applicable", "not testable": "not-testable"}
    for row, shown in zip(document["rows"], cells.rows[1:], strict=True):
        for subject, word in zip(document["subjects"], shown[1:], strict=True):
            cell = row["cells"][subject["name"]]
            line = lines[row["id"], subject["name"]]
            assert cell["finding"] == line["finding"] == words.get(word.strip(), word.strip())
            assert cell["evidence"] == line["evidence"]
            assert cell["evidence"]


def test_what_a_report_does_not_know_is_unknown() -> None:
    """A report of an older specification lacks newer rules, which is neither good nor bad."""
    matrix = matrix_of(catalog(2), [Subject("a-b", report({"DEMO-001": "upheld"}))])
    assert "<td class=v-unknown>unknown" in page(matrix)
    assert ",unknown," in as_csv(matrix)


def test_nothing_that_a_driver_said_acts() -> None:
    """No markup reaches the page, and no formula the spreadsheet."""
    evil = report({"DEMO-001": "upheld"})
    evil["driver"]["type"] = "<script>"
    evil["undefine_flags"] = {"<b>": "=1+1"}
    matrix = matrix_of(catalog(1), [Subject("a-b", evil)])
    assert "<b>" not in page(matrix)
    assert "Title &lt;DEMO-001&gt;" in page(matrix)
    assert "'=1+1" in as_csv(matrix)
