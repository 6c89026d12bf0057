"""What a domain can be and hold before undefine meets it, by the words that the features use."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from conformance.errors import BadFeature


@dataclass(frozen=True)
class Situation:
    """A domain's run state and what it holds.

    :param state: ``inactive``, ``running``, ``paused`` or ``vanished``.
    :param transient: ``""``, ``"created"`` or ``"undefined"``, by the route on which it became so.
    :param child: below its snapshot, or its checkpoint, there is another.
    :param nvram_missing: the definition names an nvram file, and there is none.
    :param tpm_state: what the definition says about keeping the TPM's state: ``yes``, ``no``, or nothing.
    :param everything: it also holds whatever else the driver can hold.
    """

    state: str = "inactive"
    transient: str = ""
    autostart: bool = False
    autostart_once: bool = False
    image: bool = False
    image_of_paused: bool = False
    snapshot: bool = False
    checkpoint: bool = False
    child: bool = False
    saved_to_file: bool = False
    cannot_start: bool = False
    nvram: bool = False
    nvram_missing: bool = False
    tpm: bool = False
    tpm_state: str = ""
    disk: bool = False
    everything: bool = False

    def within(self, capabilities: Collection[str]) -> Situation:
        """Return the situation with ``everything`` spelled out, for a driver that has certain capabilities."""
        if not self.everything:
            return self
        can = capabilities.__contains__
        snapshot = can("snapshot-metadata")
        return replace(
            self,
            everything=False,
            image=can("managed-save") and (not self.active or can("image-beside-guest")),
            snapshot=snapshot,
            checkpoint=can("checkpoint-metadata") and (not snapshot or can("snapshot-beside-checkpoint")),
            nvram=can("nvram"),
            tpm=can("tpm"),
            disk=can("host-files"),
            autostart=can("autostart"),
        )

    @property
    def active(self) -> bool:
        """Whether the domain runs, paused or not."""
        return self.state in ("running", "paused")


_INACTIVE = Situation()
_RUNNING = Situation("running")
_PAUSED = Situation("paused")
_IMAGE = Situation(image=True)
_SNAPSHOT = Situation(snapshot=True)
_CHECKPOINT = Situation(checkpoint=True)
_NVRAM = Situation(nvram=True)
_TPM = Situation(tpm=True)

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
    "inactive with a snapshot": _SNAPSHOT,
    "inactive with a checkpoint": _CHECKPOINT,
    "inactive with a snapshot and another below it": replace(_SNAPSHOT, child=True),
    "inactive with a checkpoint and another below it": replace(_CHECKPOINT, child=True),
    "running with a snapshot and another below it": replace(_RUNNING, snapshot=True, child=True),
    "running with a checkpoint and another below it": replace(_RUNNING, checkpoint=True, child=True),
    "running with a snapshot": replace(_RUNNING, snapshot=True),
    "running with a checkpoint": replace(_RUNNING, checkpoint=True),
    "paused with a snapshot": replace(_PAUSED, snapshot=True),
    "paused with a checkpoint": replace(_PAUSED, checkpoint=True),
    "inactive with a snapshot and a checkpoint": replace(_SNAPSHOT, checkpoint=True),
    "inactive with an nvram file": _NVRAM,
    "running with an nvram file": replace(_RUNNING, nvram=True),
    "paused with an nvram file": replace(_PAUSED, nvram=True),
    "inactive with an nvram file that is missing": Situation(nvram=True, nvram_missing=True),
    "inactive with an nvram file and a managed save image": replace(_NVRAM, image=True),
    "inactive with an nvram file and a snapshot": replace(_NVRAM, snapshot=True),
    "inactive with an nvram file and a checkpoint": replace(_NVRAM, checkpoint=True),
    "inactive with a TPM": _TPM,
    "inactive with a TPM whose state is to be kept": replace(_TPM, tpm_state="yes"),
    "inactive with a TPM whose state is not to be kept": replace(_TPM, tpm_state="no"),
    "running with a TPM": replace(_TPM, state="running"),
    "running with a TPM whose state is to be kept": replace(_TPM, state="running", tpm_state="yes"),
    "running with a TPM whose state is not to be kept": replace(_TPM, state="running", tpm_state="no"),
    "inactive with a disk": Situation(disk=True),
    "running with a disk": replace(_RUNNING, disk=True),
    "inactive with everything it can hold": Situation(everything=True),
    "running with everything it can hold": replace(_RUNNING, everything=True),
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
