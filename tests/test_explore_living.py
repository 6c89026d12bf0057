"""Lives led with libvirt's test driver, as it is mended and with one vice each: where driver and model part."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conformance import mutants
from conformance.driver.knowledge import Knowledge
from conformance.driver.living import Living
from conformance.driver.probe_life import find_abilities
from conformance.driver.session import Session
from conformance.explore.course import Course, Coverage, Parting
from conformance.explore.life import Kind, parse_life
from conformance.flags import Undefine
from conformance.ledger import Ledger

URI = "test:///default"
#: What libvirt's test driver can do and hold, as probing finds it.
CAPABILITIES = frozenset(
    {
        "autostart", "checkpoint-metadata", "define", "events", "managed-save", "pause", "persistence-query", "rename",
        "second-connection", "snapshot-metadata", "start", "transient", "undefine-active", "undefine-flags",
    }
)  # fmt: skip
KNOWLEDGE = Knowledge(CAPABILITIES, (Undefine.MANAGED_SAVE, Undefine.SNAPSHOTS_METADATA))

#: The shortest lives that the search has found for vices, and the rule by which each parts.
SHORTEST = {
    "image-stranded": ("DEFINE:0 START:0 SAVE:0 UNDEFINE_FLAGS:1 DEFINE:0", "UNDEF-006"),
    "autostart-survives": ("DEFINE:0 AUTOSTART_ON:0 START:0 UNDEFINE:0 DEFINE:0", "UNDEF-009"),
    "looks-up-by-name": ("DEFINE:0 UNDEFINE:0 DEFINE_NAMESAKE:0", "UNDEF-008"),
    "guests-metadata-dropped-at-once": ("DEFINE:0 START:0 TAKE_SNAPSHOT:0 UNDEFINE:0", "UNDEF-018"),
    "start-leaves-the-image": ("DEFINE:0 START:0 SAVE:0 START:0", "UNDEF-016"),
    "event-missing": ("DEFINE:0 UNDEFINE:0", "UNDEF-029"),
}
Lead = Callable[[str, str], Parting | None]


@pytest.fixture
def lead(tmp_path: Path) -> Iterator[Lead]:
    """Give what leads a life with a vice."""
    ledger = Ledger.open(URI, "00000000", folder=tmp_path)
    sessions: list[Session] = []

    def lead(vice: str, life: str) -> Parting | None:
        session = Session(URI, f"t{len(sessions)}", ledger, interceptor=mutants.find(vice))
        sessions.append(session)
        knowledge = mutants.as_mended(KNOWLEDGE, "test")
        living = Living(session, knowledge)
        can = find_abilities(living, session, knowledge)
        assert {Kind.START_PAUSED, Kind.CREATE_PAUSED, Kind.RESTART} <= can.lacking
        parting = Course(living, can, Coverage(), lambda _life, _world: None).lead(parse_life(life))
        assert [owned for owned in ledger.domains() if "-fence-" not in owned.name] == []
        return parting

    yield lead
    for session in sessions:
        session.close()


@pytest.mark.parametrize("vice", SHORTEST)
def test_a_broken_driver_parts_by_its_shortest_life(lead: Lead, vice: str) -> None:
    """With the vice the last operation of the life breaks the rule, and without it nothing does."""
    life, rule = SHORTEST[vice]
    parting = lead(vice, life)
    assert parting is not None
    assert (parting.signature.rule, parting.life) == (rule, parse_life(life))
    assert lead(mutants.CONTROL, life) is None


def test_the_mended_driver_leads_a_long_life(lead: Lead) -> None:
    """A life of every operation that the driver has comes to its end."""
    life = (
        "DEFINE:0 AUTOSTART_ON:0 RENAME:0 DEFINE_NAMESAKE:0 START_NAMESAKE:0 START:0 DEFINE:0+ SUSPEND:0+ RESUME:0 "
        "TAKE_SNAPSHOT:0 DROP_SNAPSHOT:0 RECONNECT:0 SAVE:0 UNDEFINE:0 REMOVE_IMAGE:0+ AUTOSTART_OFF:0 START:0 "
        "TAKE_CHECKPOINT:0 UNDEFINE_FLAGS:80 UNDEFINE:0 UNDEFINE_FLAGS:3 AUTOSTART_ON:0 SAVE:0 DEFINE:0 "
        "DROP_CHECKPOINT:0 STOP:0 UNDEFINE_FLAGS:2 UNDEFINE:0 STOP_NAMESAKE:0 UNDEFINE_NAMESAKE:0 "
        "CREATE:0 STOP:0 START:0"
    )
    assert lead(mutants.CONTROL, life) is None
