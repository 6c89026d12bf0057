"""The kill matrices as they were published: one document for each driver, and the page that is made from them.

They stand in a checkout, beside the pages of the documentation, and not in what is installed. ``lint`` holds them
against the specification, so that no rule is released that nothing was seen to violate.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from conformance.catalog import Catalog, Level
from conformance.data import folder
from conformance.errors import PROGRAM, BadReport, KitError, Unproven
from conformance.kill_matrix import SCHEMA_VERSION, Proof
from conformance.render.kill_matrix import page
from conformance.verdict import ExitCode

_FOLDER, _PAGE = "proof", "kill-matrix.md"


def page_path() -> Path | None:
    """Return where the page stands, or nothing where the kit was installed without its documentation."""
    docs = folder("spec").parent / "docs"
    return docs / _PAGE if (docs / _FOLDER).is_dir() else None


def read_proofs(place: Path) -> list[dict[str, Any]]:
    """Return the documents that are published beside a page.

    :param place: of the page.
    :raises BadReport: when one of them is none that ``prove`` has written to its end.
    """
    found = []
    for path in sorted((place.parent / _FOLDER).glob("*.json"), reverse=True):
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise BadReport(f"the kill matrix cannot be read ({error})", where=str(path)) from None
        if not isinstance(document, dict) or document.get("complete") is not True:
            raise BadReport("the kill matrix was not written to its end", where=str(path))
        if document["schema_version"] != SCHEMA_VERSION:
            raise BadReport(f"the kill matrix has the form {document['schema_version']}", where=str(path))
        found.append(document)
    return found


def render_page(place: Path) -> str:
    """Return the page as it has to be.

    :raises BadReport: as :func:`read_proofs` does.
    """
    return page(read_proofs(place))


def check_proofs(catalog: Catalog, reports: Sequence[Mapping[str, Any]], shown: str, where: str) -> Iterator[KitError]:
    """Yield what the published matrices do not show, though a release needs it.

    :param shown: the page as it stands.
    :param where: the page's place.
    """
    drivers = {report["driver"]["uri"] for report in reports}
    killed = {
        rule["id"]
        for report in reports
        for rule in report["rules"]
        # What another driver shows is for its own proof to say, and where none is published for the build.
        if rule["proof"] == Proof.KILLS or (rule["shown_on"] and not drivers & set(rule["shown_on"]))
    }
    for rule in catalog.rules.values():
        if rule.level is not Level.MAY and rule.id not in killed:
            yield Unproven(f"no published vice is convicted by {rule.id}", where=f"{rule.page}:{rule.line}")
    convicting = {step["sentence"] for report in reports for step in report["steps"] if step["convicted"]}
    # Which no scenario here can use is held to values by the kit's own tests.
    sentences = {step["sentence"] for report in reports for step in report["steps"] if step["used"]}
    for sentence in sorted(sentences - convicting):
        yield Unproven(f"no published vice was convicted by “{sentence}”", where=where)
    for report in reports:
        summary = report["summary"]
        if summary["exit_code"] != ExitCode.CONFORMANT:
            yield Unproven(f"the published proof on {report['driver']['uri']} is none", where=where)
    if shown != page(reports):
        yield Unproven(
            "the page differs from what is published beside it",
            where=where,
            remedy=f"write it anew with {PROGRAM} lint --write",
        )


def check_vices(vices: Collection[str], reports: Sequence[Mapping[str, Any]], where: str) -> Iterator[KitError]:
    """Yield each vice that stands in the code or in the published matrices, and not in both.

    :param vices: the names of those in the code.
    :param where: the page's place.
    """
    published = {vice["name"] for report in reports for vice in report["vices"]}
    for name in sorted(published ^ set(vices)):
        what = "is in no published kill matrix" if name in vices else "is published, and there is none of that name"
        yield Unproven(
            f"the vice {name} {what}",
            where=where,
            remedy=f"publish what {PROGRAM} prove finds as CONTRIBUTING.md tells",
        )
