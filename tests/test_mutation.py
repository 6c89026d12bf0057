"""What is said of mutants: which tests hold a module, and which changes of it nothing has to notice."""

from __future__ import annotations

from typing import Any

import pytest

from mutation import TOP, Mutant, Score, configuration, described, explained_in, path_of, told

KNOWN = configuration()
MUTANT = Mutant("size", "return 1", "return 2")
DIFF = """\
# conformance.survey.x_size__mutmut_1: survived
--- src/conformance/survey.py
+++ src/conformance/survey.py
@@ -1,4 +1,4 @@
 def size(
     flags: int,
 ) -> int:
-    return 1
+    return 2
"""


@pytest.mark.parametrize("module", KNOWN)
def test_each_module_has_tests_and_each_explanation_is_about_it(module: str) -> None:
    """Files and tests that are named exist, and what an explained mutant takes away stands in the module."""
    entry: dict[str, Any] = KNOWN[module]
    source = " ".join((TOP / path_of(module)).read_text(encoding="utf-8").split())
    for test in (*entry["tests"], *entry.get("without", ())):
        file, _, name = test.partition("::")
        assert f"def {name}" in (TOP / file).read_text(encoding="utf-8")
    for mutant, reason in explained_in(entry).items():
        assert " ".join(mutant.removed.split()) in source, mutant
        assert len(reason.split()) > 3


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("conformance.survey.x_size__mutmut_1", "size"),
        ("conformance.decision.x__fate__mutmut_12", "_fate"),
        ("conformance.survey.xǁFindingǁblame__mutmut_3", "Finding.blame"),
        ("conformance.explore.model.x__saved__mutmut_4", "_saved"),
    ],
)
def test_a_mutant_is_known_by_its_function_and_its_lines(name: str, function: str) -> None:
    """The numbers that mutmut gives move whenever a function changes, so they stand nowhere."""
    assert described(name, DIFF) == Mutant(function, "return 1", "return 2")


def test_a_survivor_has_to_be_explained_and_an_explanation_to_be_needed() -> None:
    """A new survivor and an explanation that is out of date are both told; neither passes in silence."""
    score = Score("survey", 3, (MUTANT,), 1.0)
    assert score.seen == 2
    assert list(told(score, {MUTANT: "equal"})) == []
    assert list(told(score, {})) == ["survives: size\n    - return 1\n    + return 2"]
    assert list(told(Score("survey", 3, (), 1.0), {MUTANT: "equal"})) == [f"explained, and no survivor: {MUTANT}"]
