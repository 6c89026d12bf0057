"""Proofs that were published one after the other: which of them is behind, and that no part is taken for the whole.

What has to be in those that are published now is held to in ``test_prove``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.cli import main
from conformance.errors import BadReport
from conformance.kill_matrix import Found, Meeting, build_matrix
from conformance.published_proof import Proofs, check_alike, check_proofs, read_proofs
from conformance.specification import load_specification

CATALOG = load_specification().catalog
SENTENCES = ("it is gone", "it is kept")
HERE = Meeting(
    driver={"uri": "test:///default", "type": "TEST", "libvirt_version": 9000000},
    applicable=(),
    not_applicable={},
    selected=(),
    shown_here=(),
    only_meant=(),
    exact=True,
    definitions={"then.gone": (SENTENCES[0], True), "then.kept": (SENTENCES[1], True)},
    problems=(),
)
PROOF = build_matrix(CATALOG, "digest", (), {}, Found({}), HERE)
NAMES = ("docs/proof/test.json", "docs/proof/embed.json")
ANEW = "make it anew with libvirt-conformance prove --uri qemu:///embed --report docs/proof/embed.json."


def proofs(**embed: Any) -> Proofs:
    """Return two proofs, of which that of the embedded driver has other parts."""
    return dict(zip(NAMES, (PROOF, {**PROOF, "driver": {"uri": "qemu:///embed"}, **embed}), strict=True))


def find(of: Proofs) -> list[str]:
    """Return what is told of proofs that are not alike; nothing else about them ends in a traceback."""
    told = [str(finding) for finding in check_alike(CATALOG, SENTENCES, of)]
    assert [said for said in map(str, check_proofs(CATALOG, SENTENCES, of, "", "here")) if said in told] == told
    return told


PARTS: Mapping[str, tuple[dict[str, Any], str]] = {
    "lacks a rule": ({"rules": PROOF["rules"][:-1]}, f"it lacks {list(CATALOG.rules)[-1]}"),
    "has a rule that is gone": (
        {"rules": [*PROOF["rules"], {**PROOF["rules"][0], "id": "UNDEF-990"}]},
        "it still has UNDEF-990",
    ),
    "another order": ({"rules": PROOF["rules"][::-1]}, "it has rules or sentences in another order"),
    "lacks a sentence": ({"steps": PROOF["steps"][:1]}, "it lacks “it is kept”"),
    "another sentence": (
        {"steps": [PROOF["steps"][0], {"sentence": "it was kept", "used": False, "convicted": False}]},
        "it lacks “it is kept” and it still has “it was kept”",
    ),
}


@pytest.mark.parametrize(("embed", "told"), PARTS.values(), ids=PARTS)
def test_a_proof_that_is_behind_another_is_named(embed: dict[str, Any], told: str) -> None:
    """What was published before the last rule or sentence is named with what it lacks, and the command that helps."""
    assert find(proofs(**embed)) == [
        f"LVC-207 docs/proof/embed.json: the proof is behind the specification: {told}; {ANEW}"
    ]


def test_proofs_that_are_both_behind_are_both_named() -> None:
    """Neither of two that differ is taken for that of now."""
    both = proofs(rules=PROOF["rules"][:-1])
    both = {**both, NAMES[0]: {**PROOF, "rules": PROOF["rules"][:-2]}}
    assert [said.split(":")[0] for said in find(both)] == [f"LVC-207 {name}" for name in NAMES]


def test_proofs_that_are_behind_alike_make_a_page() -> None:
    """A rule that neither has is told as one that nobody has proven, and not of each of them."""
    short = {where: {**proof, "rules": proof["rules"][:-1]} for where, proof in proofs().items()}
    assert find(short) == find(proofs()) == []
    last = list(CATALOG.rules)[-1]
    said = [finding.problem for finding in check_proofs(CATALOG, SENTENCES, short, "", "here")]
    assert f"no published vice is convicted by {last}" in said
    assert "the page differs from what is published beside it" in said


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with two proofs beside a page, which the command takes for those of the checkout."""
    folder = tmp_path / "proof"
    folder.mkdir()
    for where, proof in proofs(rules=PROOF["rules"][:-1]).items():
        (folder / Path(where).name).write_text(json.dumps(proof), encoding="utf-8")
    monkeypatch.setattr("conformance.published_proof.page_path", lambda: tmp_path / "kill-matrix.md")
    return folder


@pytest.mark.parametrize("options", [(), ("--write",)], ids=["lint", "lint --write"])
def test_lint_names_the_proof_that_is_behind(
    options: tuple[str, ...], published: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It ends with its findings and no traceback, and writes those pages all the same that can be made."""
    written: dict[str, str] = {}
    monkeypatch.setattr("conformance.report.write_text", lambda path, text: written.update({path.name: text}))
    assert main(["lint", *options]) == 2
    said = capsys.readouterr().err
    assert f"LVC-207 {NAMES[1]}: the proof is behind the specification: it lacks " in said
    assert "the page differs" not in said
    assert list(written) == (["undefine-decision.md"] if options else [])


def test_a_proof_of_chosen_rules_is_refused(published: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A proof that was made with a choice, and written over the whole one, is named with the command that mends it."""
    part = build_matrix(CATALOG, "digest", (), {}, Found({}), replace(HERE, selected=("UNDEF-001",)))
    (published / "test.json").write_text(json.dumps(part), encoding="utf-8")
    with pytest.raises(BadReport, match=r"^LVC-401 docs/proof/test\.json: the kill matrix is not whole"):
        read_proofs(published.parent / "kill-matrix.md")
    assert main(["lint"]) == 2
    assert capsys.readouterr().err.endswith("prove --uri test:///default --report docs/proof/test.json.\n")


def test_what_is_no_proof_at_all_leads_to_prove(published: Path) -> None:
    """A run's report in its place, or a text, is refused with the way to publish, and none of the two is run's."""
    for text in ('{"complete": true}', "{}", "no JSON"):
        (published / "embed.json").write_text(text, encoding="utf-8")
        with pytest.raises(BadReport, match=r"docs/proof/embed\.json: .*; publish what .* prove finds as CONTRIBUTING"):
            read_proofs(published.parent / "kill-matrix.md")
