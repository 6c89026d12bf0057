"""A restart of the driver: the command by which an operator asks for it, and what it may change of a domain."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Sequence

from conformance.errors import UsageError
from conformance.uri import in_process
from conformance.view import View


def parse_command(text: str, uri: str) -> tuple[str, ...]:
    """Return the words of the command that ``--restart`` gives.

    :param uri: the driver that it is to restart.
    :raises UsageError: when it has no words, when its first is no command here, or when there is no daemon.
    """
    if in_process(uri):
        raise UsageError(
            "the driver lives in the kit's own process, and the kit restarts it by itself",
            where="--restart",
            remedy="leave the option out",
        )
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise UsageError(
            f"the command cannot be read ({error})", where="--restart", remedy="quote it as for a shell"
        ) from None
    if not words:
        raise UsageError("the command is empty", where="--restart", remedy="give one, or leave the option out")
    if shutil.which(words[0]) is None:
        raise UsageError(
            f"there is no command {words[0]!r} that you may run",
            where="--restart",
            remedy="name one; it is run without a shell",
        )
    return words


def shown(command: Sequence[str]) -> str:
    """Return a command as somebody would type it."""
    return shlex.join(command)


def what_a_restart_keeps(view: View) -> View:
    """Return a view without what a restart of the driver may change.

    The reason of the state tells of the past, which ends with the driver's memory. What an active domain runs on
    is written down by the driver and read again, and written a little differently then: its live definition, and,
    of a transient domain, the inactive one, which is made from it.
    """
    dropped = set()
    if view.get("active") == 1:
        dropped.add("live definition")
        if view.get("persistent") == 0:
            dropped.add("inactive definition")
    kept = {name: answer for name, answer in view.without_reason().answers.items() if name not in dropped}
    return View(kept)
