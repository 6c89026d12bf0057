"""The regions of the decision table, and what a driver needs to be brought to them."""

from __future__ import annotations

from conformance.catalog import load_catalog
from conformance.data import folder
from conformance.decision import Holding, State
from conformance.regions import Region, all_regions
from conformance.situations import SITUATIONS


def test_ids_and_words_tell_regions_apart() -> None:
    """No two regions share an id or a description."""
    regions = all_regions()
    assert len({region.id for region in regions}) == len({region.words for region in regions}) == len(regions)


def test_a_region_reads_like_a_situation() -> None:
    """A person reads what the domain is, and then what it holds."""
    assert Region(State.INACTIVE).words == "inactive"
    held = frozenset({Holding.SNAPSHOT, Holding.IMAGE, Holding.TPM})
    region = Region(State.PAUSED, held)
    assert region.words == "paused with a managed save image, a snapshot and the state of a TPM"
    assert region.id == "paused-image-snapshot-tpm"


def test_a_region_is_built_as_the_situation_of_its_parts() -> None:
    """What has to be built is in the state, and holds what the region holds and nothing else."""
    for region in all_regions():
        situation = region.situation
        assert (situation.state, situation.transient) == (
            SITUATIONS[region.state].state,
            SITUATIONS[region.state].transient,
        )
        assert {h for h in Holding if getattr(situation, h.name.lower())} == region.held


def test_a_region_needs_capabilities_that_are_probed() -> None:
    """What stands between a driver and a region is in the list of capabilities."""
    known = set(load_catalog(folder("spec")).capabilities)
    assert {need for region in all_regions() for need in region.needs} <= known


def test_what_is_held_together_can_need_more() -> None:
    """An image beside a guest, and a snapshot beside a checkpoint, are capabilities of their own."""
    image, both = frozenset({Holding.IMAGE}), frozenset({Holding.SNAPSHOT, Holding.CHECKPOINT})
    assert "image-beside-guest" in Region(State.RUNNING, image).needs
    assert "image-beside-guest" not in Region(State.INACTIVE, image).needs
    assert "snapshot-beside-checkpoint" in Region(State.INACTIVE, both).needs
