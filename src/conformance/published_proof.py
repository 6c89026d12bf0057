"""The kill matrices as they were published: one document for each driver, and the page that is made from them.

They stand in a checkout, beside the pages of the documentation, and not in what is installed. ``lint`` holds them
against the specification, so that no rule is released that nothing was seen to violate.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from conformance.catalog import Catalog, Level
from conformance.data import folder
from conformance.errors import PROGRAM, BadReport, KitError, Unproven
from conformance.kill_matrix import SCHEMA_VERSION, Proof
from conformance.render.kill_matrix import page
from conformance.verdict import ExitCode

_FOLDER, _PAGE = "proof", "kill-matrix.md"
_PUBLISH = f"publish what {PROGRAM} prove finds as CONTRIBUTING.md tells"
#: What is published, by the place of each document in the checkout.
Proofs = Mapping[str, Mapping[str, Any]]


def page_path() -> Path | None:
    """Return where the page stands, or nothing where the kit was installed without its documentation."""
    docs = folder("spec").parent / "docs"
    return docs / _PAGE if (docs / _FOLDER).is_dir() else None


def read_proofs(place: Path) -> dict[str, dict[str, Any]]:
    """Return the documents that are published beside a page, each under the place that it has in a checkout.

    :param place: of the page.
    :raises BadReport: when one of them is none that ``prove`` has written to its end, of every rule and vice.
    """
    found = {}
    for path in sorted((place.parent / _FOLDER).glob("*.json"), reverse=True):
        where = f"docs/{_FOLDER}/{path.name}"
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise BadReport(f"the kill matrix cannot be read ({error})", where=where, remedy=_PUBLISH) from None
        if not isinstance(document, dict) or document.get("complete") is not True:
            raise BadReport("the kill matrix was not written to its end", where=where, remedy=_PUBLISH)
        if document.get("schema_version") != SCHEMA_VERSION:
            raise BadReport(
                f"the kill matrix has the form {document.get('schema_version')}", where=where, remedy=_PUBLISH
            )
        if not document["summary"]["whole"]:
            raise BadReport(
                "the kill matrix is not whole, as it is of chosen rules or vices",
                where=where,
                remedy=_anew(where, document),
            )
        found[where] = document
    return found


def check_alike(catalog: Catalog, sentences: Sequence[str], proofs: Proofs) -> Iterator[KitError]:
    """Yield each proof that is behind the specification, where not all are of the same rules and sentences.

    No page can be made of such. Of proofs that are all behind alike one can, and what they lack is told rule by rule.

    :param sentences: of every definition of a Then that the kit has.
    """
    present = _contents(catalog.rules, sentences)
    contents = {
        where: _contents(
            (rule["id"] for rule in proof["rules"]),
            (step["sentence"] for step in proof["steps"]),
        )
        for where, proof in proofs.items()
    }
    if len(set(contents.values())) < 2:
        return
    for where, found in contents.items():
        if found != present:
            yield Unproven(
                f"the proof is behind the specification: {_difference(found, present)}",
                where=where,
                remedy=_anew(where, proofs[where]),
            )


def _contents(rules: Iterable[str], sentences: Iterable[str]) -> tuple[str, ...]:
    return (*rules, *(f"“{sentence}”" for sentence in sentences))


def _difference(found: Sequence[str], present: Sequence[str]) -> str:
    lacking = ", ".join(each for each in present if each not in found)
    gone = ", ".join(each for each in found if each not in present)
    told = [f"it lacks {lacking}"] * bool(lacking) + [f"it still has {gone}"] * bool(gone)
    return " and ".join(told) or "it has rules or sentences in another order"


def _anew(where: str, proof: Mapping[str, Any]) -> str:
    return f"make it anew with {PROGRAM} prove --uri {proof['driver']['uri']} --report {where}"


def render_page(proofs: Proofs) -> str:
    """Return the page as it has to be, of proofs that are alike."""
    return page(list(proofs.values()))


def check_proofs(
    catalog: Catalog, sentences: Sequence[str], proofs: Proofs, shown: str, where: str
) -> Iterator[KitError]:
    """Yield what the published matrices do not show, though a release needs it.

    :param sentences: of every definition of a Then that the kit has.
    :param shown: the page as it stands.
    :param where: the page's place.
    """
    reports = list(proofs.values())
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
    used = {step["sentence"] for report in reports for step in report["steps"] if step["used"]}
    for sentence in sorted(used - convicting):
        yield Unproven(f"no published vice was convicted by “{sentence}”", where=where)
    for report in reports:
        summary = report["summary"]
        if summary["exit_code"] != ExitCode.CONFORMANT:
            yield Unproven(f"the published proof on {report['driver']['uri']} is none", where=where)
    parted = list(check_alike(catalog, sentences, proofs))
    yield from parted
    if not parted and shown != render_page(proofs):
        yield Unproven(
            "the page differs from what is published beside it",
            where=where,
            remedy=f"write it anew with {PROGRAM} lint --write",
        )


def check_vices(vices: Collection[str], proofs: Proofs, where: str) -> Iterator[KitError]:
    """Yield each vice that stands in the code or in the published matrices, and not in both.

    :param vices: the names of those in the code.
    :param where: the page's place.
    """
    published = {vice["name"] for proof in proofs.values() for vice in proof["vices"]}
    for name in sorted(published ^ set(vices)):
        what = "is in no published kill matrix" if name in vices else "is published, and there is none of that name"
        yield Unproven(
            f"the vice {name} {what}",
            where=where,
            remedy=_PUBLISH,
        )
