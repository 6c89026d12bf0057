"""The rules together with their scenarios: what a run judges by, and what every reader of the two needs."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.binding import Feature, Scenario, load_features
from conformance.catalog import Catalog, digest_of, load_catalog
from conformance.data import folder


@dataclass
class Specification:
    """The rules and their scenarios, loaded and linked."""

    catalog: Catalog
    features: list[Feature]
    digest: str

    @property
    def scenarios(self) -> list[Scenario]:
        """Every scenario, in the order of the features."""
        return [scenario for feature in self.features for scenario in feature.scenarios]


def load_specification() -> Specification:
    """Load what the package or the checkout holds.

    :raises KitError: when a page or a feature breaks its form.
    """
    spec, features = folder("spec"), folder("features")
    catalog = load_catalog(spec)
    files = [*sorted(spec.glob("*.md")), spec / "capabilities.toml", spec / "spec.toml"]
    return Specification(
        catalog, load_features(features, catalog), digest_of([*files, *sorted(features.rglob("*.feature"))])
    )
