"""The features, read once and handed to every worker: to read them is most of what collecting takes."""

from __future__ import annotations

import pickle
from collections.abc import Iterable
from pathlib import Path

from pytest_bdd import feature as known
from pytest_bdd.gherkin_parser import GherkinDocument
from pytest_bdd.parser import FeatureParser

from conformance.binding import Feature
from conformance.data import folder

_NAME = "features.pickle"


class _Reader(FeatureParser):
    """Makes pytest-bdd's feature of a document that was read before.

    Where pytest-bdd no longer asks for the document in this way, it reads the file once more, and that is all.
    """

    def __init__(self, base: Path, feature: Feature) -> None:
        super().__init__(str(base), feature.path)
        self._document = feature.document

    def _parse_feature_file(self) -> GherkinDocument:
        return GherkinDocument.from_dict(self._document)


def hand_over(features: Iterable[Feature], run: Path) -> None:
    """Write down what pytest-bdd makes of the features.

    :param run: the folder of the run, which nobody else can write to.
    :raises OSError: when it cannot be written.
    """
    base = folder("features").parent
    made = {str((base / feature.path).absolute()): _Reader(base, feature).parse() for feature in features}
    beside = run / f"{_NAME}.new"
    beside.write_bytes(pickle.dumps(made, pickle.HIGHEST_PROTOCOL))
    beside.replace(run / _NAME)


def take_over(run: Path) -> None:
    """Let pytest-bdd know the features that were handed over, where any were; it reads all others itself."""
    if (file := run / _NAME).is_file():
        known.features.update(pickle.loads(file.read_bytes()))  # noqa: S301 - from the kit's own process
