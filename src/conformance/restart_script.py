"""The parts of a reproducer that restart the driver."""

from __future__ import annotations

import re
from collections.abc import Sequence
from textwrap import indent

#: The line that stands for a restart among those of the calls.
RESTART = "conn = restart()"
#: What the parts need beside libvirt, for a daemon and for an embedded driver.
FOR_DAEMON = ("subprocess", "time")
FOR_EMBEDDED = ("multiprocessing",)

_DAEMON = """\
def restart():
    subprocess.run({command!r}, check=True)
    for _ in range(300):
        try:
            return libvirt.open({uri})
        except libvirt.libvirtError:
            time.sleep(0.1)
    return libvirt.open({uri})

"""

_LIFE = """\
def life_{number}():
{body}
"""

_LIVES = """\
# A restart of an embedded driver is a new process on its root.
for life in ({names}):
    process = multiprocessing.get_context("fork").Process(target=life)
    process.start()
    process.join()
"""

_LAST = """\
for left in conn.listAllDomains(1):
    show('clean up', left.destroy)
"""


def daemon(command: Sequence[str], opened: str) -> list[str]:
    """Return lines that define how the daemon is restarted."""
    return _DAEMON.format(command=list(command), uri=opened).splitlines()


def lives(begin: Sequence[str], body: Sequence[str], end: Sequence[str]) -> list[str]:
    """Return lines that make the calls between two restarts in a process of their own.

    :param begin: the lines with which each process begins.
    :param body: the calls, with :data:`RESTART` between them.
    :param end: the questions.
    """
    parts: list[list[str]] = [[]]
    for line in body:
        if line == RESTART:
            parts.append([])
        else:
            parts[-1].append(line)
    # A domain that has not come back has no handle, so there is nothing to ask it.
    known = {match[0] for line in parts[-1] if (match := re.match(r"dom\d*(?= = )", line))}
    end = [line for line in end if not (asked := re.search(r"lambda: (dom\d*)\.", line)) or asked[1] in known]
    parts[-1] += [*end, *_LAST.splitlines()]
    made = "".join(
        _LIFE.format(number=number, body=indent("\n".join([*begin, *part]), "    "))
        for number, part in enumerate(parts, 1)
    )
    names = ", ".join(f"life_{number}" for number in range(1, len(parts) + 1))
    return [*made.splitlines(), *_LIVES.format(names=names).splitlines()]
