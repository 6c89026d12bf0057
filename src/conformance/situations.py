"""What a domain can be and hold before undefine meets it, by the words that the features use."""

from __future__ import annotations

from dataclasses import dataclass, replace

from conformance.errors import BadFeature


@dataclass(frozen=True)
class Situation:
    """A domain's run state and what it holds.

    :param state: ``inactive``, ``running``, ``paused`` or ``vanished``.
    :param transient: ``""``, ``"created"`` or ``"undefined"``, by the route on which it became so.
    """

    state: str = "inactive"
    transient: str = ""
    autostart: bool = False
    autostart_once: bool = False
    image: bool = False
    image_of_paused: bool = False
    snapshot: bool = False
    checkpoint: bool = False
    saved_to_file: bool = False
    cannot_start: bool = False

    @property
    def active(self) -> bool:
        """Whether the domain runs, paused or not."""
        return self.state in ("running", "paused")


_INACTIVE = Situation()
_RUNNING = Situation("running")
_PAUSED = Situation("paused")
_IMAGE = Situation(image=True)

SITUATIONS: dict[str, Situation] = {
    "inactive": _INACTIVE,
    "running": _RUNNING,
    "paused": _PAUSED,
    "vanished": Situation("vanished"),
    "running and transient": replace(_RUNNING, transient="created"),
    "paused and transient": replace(_PAUSED, transient="created"),
    "running and made transient by undefine": replace(_RUNNING, transient="undefined"),
    "paused and made transient by undefine": replace(_PAUSED, transient="undefined"),
    "set to autostart": Situation(autostart=True),
    "set to autostart once": Situation(autostart_once=True),
    "running and set to autostart": replace(_RUNNING, autostart=True),
    "running and set to autostart once": replace(_RUNNING, autostart_once=True),
    "inactive with a managed save image": _IMAGE,
    "inactive with a managed save image of a paused guest": replace(_IMAGE, image_of_paused=True),
    "inactive with a managed save image and a snapshot": replace(_IMAGE, snapshot=True),
    "inactive with a managed save image and a checkpoint": replace(_IMAGE, checkpoint=True),
    "set to autostart, inactive with a managed save image": replace(_IMAGE, autostart=True),
    "running with a managed save image": replace(_RUNNING, image=True),
    "paused with a managed save image": replace(_PAUSED, image=True),
    "inactive with a snapshot": Situation(snapshot=True),
    "inactive with a checkpoint": Situation(checkpoint=True),
    "inactive and was saved to a file": Situation(saved_to_file=True),
    "running and was saved to a file": replace(_RUNNING, saved_to_file=True),
    "inactive and cannot start": Situation(cannot_start=True),
}


def situation(words: str) -> Situation:
    """Return the situation that a feature names.

    :raises BadFeature: when the words name none.
    """
    if words not in SITUATIONS:
        raise BadFeature(
            f"no situation is called {words!r}", remedy="see conformance/situations.py for those there are"
        )
    return SITUATIONS[words]
