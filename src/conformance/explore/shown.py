"""What a driver shows of a domain, reduced to what the model speaks of, and what it has to show by the model.

Both are the same few facts under the names of :mod:`conformance.view`'s questions, so they are held together by
equality alone. A fact that is asked in two ways stands there twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from conformance.decision import State
from conformance.explore.world import Image, World
from conformance.journal import Failure
from conformance.view import Answer, View

#: By these words a definition says which edition it is.
EDITION = "edition {}"
_EDITION = re.compile("<title>" + EDITION.format(r"(\d)") + "</title>")
#: A fact: a number, a yes or no, names, the name of an error's code.
Fact = int | bool | str | tuple[str, ...]
MISSING: Final = "NO_DOMAIN"
#: Answers that are about the past, or that the contract leaves open.
_UNSAID = ("updated", "autostart once", "TPM state", "nvram file", "disk image")
_LOOK_UPS = ("look-up by UUID", "look-up by name")
#: VIR_DOMAIN_RUNNING, and VIR_DOMAIN_RUNNING_RESTORED, the reason for it.
_RUNNING, _RESTORED = "1", "3"


def with_edition(definition: str, edition: int) -> str:
    """Return a definition that says which edition it is."""
    head, name, rest = definition.partition("  <memory")
    return f"{head}  <title>{EDITION.format(edition)}</title>\n{name}{rest}"


def facts_of(view: View, uuid: str) -> dict[str, Fact]:
    """Return what a driver shows, reduced to facts.

    :param uuid: the domain's.
    """
    return {name: _fact(name, answer, uuid) for name, answer in view.answers.items() if name not in _UNSAID}


def _fact(name: str, answer: Answer, uuid: str) -> Fact:
    if isinstance(answer, Failure):
        # With which error there is no definition in an image, drivers decide.
        return "none" if name == "definition in the image" else answer.name
    if name in _LOOK_UPS:
        return "itself" if answer == uuid else "another"
    if name == "id" and isinstance(answer, int):
        return answer > 0
    if name == "state" and isinstance(answer, tuple):
        return answer[0]
    if isinstance(answer, str):
        found = _EDITION.search(answer)
        return int(found[1]) if found else 0
    return answer


def expected(world: World) -> Mapping[str, Fact]:
    """Return the facts that a driver has to show of the domain that a life is about."""
    if world.state is None:
        by_name = "another" if world.namesake is not None and not world.renamed else MISSING
        return _absent(by_name)
    image = world.image or Image(paused=False, edition=0)
    # Which definition a transient domain shows as its inactive one, libvirt's text leaves open.
    inactive: dict[str, Fact] = {} if world.state.transient else {"inactive definition": world.edition}
    return {
        **_present(world.state),
        **inactive,
        "live definition": world.live or world.edition,
        "autostart": int(world.autostart),
        "listed as set to autostart": world.autostart,
        "managed save image": int(bool(world.image)),
        "listed as having a managed save image": bool(world.image),
        "definition in the image": image.edition or "none",
        "snapshots": int(world.snapshot),
        "snapshot names": ("kept",) if world.snapshot else (),
        "listed as having a snapshot": world.snapshot,
        "checkpoint names": ("kept",) if world.checkpoint else (),
        "listed as having a checkpoint": world.checkpoint,
    }


def expected_of_namesake(world: World) -> Mapping[str, Fact]:
    """Return the facts that a driver has to show of the other domain: it holds nothing."""
    if world.namesake is None:
        by_name = "another" if world.state is not None and not world.renamed else MISSING
        return _absent(by_name)
    bare = World(world.namesake, edition=1, live=int(world.namesake.active))
    return expected(bare)


def _present(state: State) -> dict[str, Fact]:
    active, transient, running = state.active, state.transient, str(state).startswith("running")
    return {
        "look-up by UUID": "itself",
        "look-up by name": "itself",
        "id": active,
        "state": "1" if running else "3" if active else "5",
        "active": int(active),
        "persistent": int(not transient),
        "listed as a domain": True,
        "listed as active": active,
        "listed as inactive": not active,
        "listed as persistent": not transient,
        "listed as transient": transient,
        "listed as running": running,
        "listed as paused": active and not running,
    }


_CALLS = (
    "id", "state", "active", "persistent", "live definition", "inactive definition", "autostart",
    "managed save image", "snapshots", "snapshot names", "checkpoint names",
)  # fmt: skip
_LISTS = (
    "listed as a domain", "listed as active", "listed as inactive", "listed as persistent", "listed as transient",
    "listed as running", "listed as paused", "listed as set to autostart", "listed as having a managed save image",
    "listed as having a snapshot", "listed as having a checkpoint",
)  # fmt: skip


def _absent(by_name: str) -> dict[str, Fact]:
    # Files of a name that another domain has are that domain's.
    files: dict[str, Fact] = {"files on the host": ()} if by_name == MISSING else {}
    return {
        "look-up by UUID": MISSING,
        "look-up by name": by_name,
        **dict.fromkeys(_CALLS, MISSING),
        "definition in the image": "none",
        **dict.fromkeys(_LISTS, False),
        **files,
    }


def was_restored(view: View) -> bool | None:
    """Tell whether a running guest was restored from an image, by the reason of its state; nothing where none runs."""
    state = view.get("state")
    if not isinstance(state, tuple) or state[0] != _RUNNING:
        return None
    return state[1] == _RESTORED
