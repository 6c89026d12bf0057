"""From which archive this machine installs Debian packages, as its own apt is set up."""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import dataclass

from conformance.errors import NoMirror

_FORMAT = "$(REPO_URI) $(COMPONENT) $(RELEASE) $(ORIGIN) $(LABEL)"
#: Settings of apt's that say how this machine reaches an archive.
_HOW = ("Acquire::http::", "Acquire::https::", "Acquire::Retries", "Acquire::ForceIPv4", "Acquire::ForceIPv6")


@dataclass(frozen=True)
class Mirror:
    """An archive of Debian's.

    :param settings: lines for an apt.conf that say how it is reached: a proxy, certificates.
    """

    uri: str
    settings: tuple[str, ...] = ()

    def source(self, suite: str) -> str:
        """Return the line of a sources.list for a suite."""
        return f"deb {self.uri} {suite} main"


def find_mirror() -> Mirror:
    """Return the archive that this machine's apt uses.

    :raises NoMirror: when there is no apt, or it knows no archive of Debian's.
    """
    targets = _ask("apt-get", "indextargets", "--format", _FORMAT, "Created-By: Packages")
    uri = choose(targets)
    if not uri:
        raise NoMirror("none of apt's sources on this machine is Debian's own archive")
    return Mirror(uri, settings_of(_ask("apt-config", "dump")))


def choose(targets: str) -> str:
    """Return the archive among apt's index targets that has whole releases, or an empty text.

    An apt that never updated knows no origin yet; then a source is told by its component and the name of its release.
    """
    rows = [line.split(" ") for line in targets.splitlines()]
    for uri, component, _release, *origin in rows:
        if component == "main" and origin[:2] == ["Debian", "Debian"]:
            return uri
    for uri, component, release, *origin in rows:
        # What is not known yet stands there as its own name, or as nothing.
        if component == "main" and release.isalpha() and (not origin or origin[0] in ("", "$(ORIGIN)")):
            return uri
    return ""


def settings_of(dump: str) -> tuple[str, ...]:
    """Return the lines of apt's settings that say how an archive is reached; what is empty says nothing."""
    return tuple(line for line in dump.splitlines() if line.startswith(_HOW) and not line.endswith(' "";'))


def _ask(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - apt's own questions
    except OSError as error:
        raise NoMirror(f"{command[0]} cannot be run ({error.strerror})") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no word about it"])[-1]
        raise NoMirror(f"apt cannot say where it installs from ({last})", where=shlex.join(command))
    return done.stdout
