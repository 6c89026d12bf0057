"""A firmware of the kit's, which halts a guest's processor where it begins.

A guest without a disk has nothing to do, and the emulator's own firmware goes on looking for something: it keeps a
processor busy for as long as the guest lives. No rule is about what runs in a guest.
"""

from __future__ import annotations

import secrets
import tempfile
from pathlib import Path

from conformance.driver.findings import Findings
from conformance.driver.session import Session
from conformance.ledger import PREFIX
from conformance.uri import is_local

#: The size of a flash, in bytes, as emulators take one.
FLASH = 1 << 18
# An x86 processor begins sixteen bytes before the end; one that runs through zeros would be busy for ever.
HALTING = bytes(FLASH - 16) + b"\xfa\xf4\xeb\xfd".ljust(16, b"\0")


def halt_at_once(session: Session, findings: Findings) -> None:
    """Find out whether a driver on this machine starts a guest with the kit's firmware.

    The file lasts as long as the run: the guests of all its processes are given it.
    """
    if not (session.machine.can_halt and is_local(session.uri)):
        return
    folder = Path(tempfile.gettempdir()) / f"{PREFIX}-firmware-{secrets.token_hex(4)}"
    session.ledger.announce_folder(folder)
    try:
        folder.mkdir(mode=0o755)
        # The emulator may be another user, whatever the umask is.
        folder.chmod(0o755)
        file = folder / "halting.rom"
        file.write_bytes(HALTING)
        file.chmod(0o644)
    except OSError:
        return
    session.firmware = str(file)
    defined = session.define(session.new_identity())
    if defined.ok and defined.value.call("create").ok:
        findings.firmware = session.firmware
