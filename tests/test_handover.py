"""Features are read once in a run, by the controlling process, and the workers go by what it has read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytest_bdd import feature as known
from pytest_bdd.parser import Feature, FeatureParser

from conformance.data import folder
from conformance.specification import load_specification
from conformance.suite.handover import hand_over, take_over


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pytest-bdd begin without any feature."""
    monkeypatch.setattr(known, "features", {})


def content(feature: Feature) -> list[tuple[object, ...]]:
    """Return what a worker goes by, a row for each scenario: pytest-bdd's objects refer to each other in circles."""
    return [
        (
            *(name, template.line_number, template.tags, template.templated, template.rule and template.rule.name),
            *(tuple(map(str, example.examples)) for example in template.examples),
            *((step.type, step.name, step.keyword, step.line_number, step.datatable) for step in template.steps),
        )
        for name, template in feature.scenarios.items()
    ]


def test_a_worker_reads_no_feature_that_was_handed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it goes by is what pytest-bdd would have read, down to the lines of the steps."""
    features = load_specification().features
    base = str(folder("features").parent)
    read = {feature.path: content(known.get_feature(base, feature.path)) for feature in features}
    known.features.clear()
    hand_over(features, tmp_path)

    def unread(_parser: FeatureParser) -> Any:
        raise AssertionError("it was read once more")

    monkeypatch.setattr(FeatureParser, "parse", unread)
    take_over(tmp_path)
    assert {path: content(known.get_feature(base, path)) for path in read} == read
    assert sum(map(len, read.values())) > 100


def test_without_a_handover_every_feature_is_read(tmp_path: Path) -> None:
    """A process that nobody handed anything, or whose predecessor was cut off, reads for itself."""
    (tmp_path / "features.pickle.new").write_bytes(b"cut")
    take_over(tmp_path)
    assert known.features == {}
    feature = load_specification().features[0]
    assert known.get_feature(str(folder("features").parent), feature.path).scenarios
