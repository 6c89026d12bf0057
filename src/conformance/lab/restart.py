"""Ends a daemon of libvirt's inside a capsule and starts it anew; the capsule's own Python runs it, whatever its age.

Called as ``restart.py PIDFILE COMMAND…``. A daemon that does not end when it is asked is killed, as every service
manager does. It returns when the daemon is ready: libvirt's daemons go into the
background only then.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys

#: How long the daemon may take to end, in seconds.
_SECONDS = 8


def main(arguments: list[str]) -> int:
    """Ask the daemon to end, wait until it has, start it; return the exit code of its command."""
    with open(arguments[0]) as file:  # noqa: PTH123 - as little as possible is imported
        pid = int(file.read())
    descriptor = os.pidfd_open(pid)
    os.kill(pid, signal.SIGTERM)
    if not select.select([descriptor], [], [], _SECONDS)[0]:
        os.kill(pid, signal.SIGKILL)
        select.select([descriptor], [], [], _SECONDS)
    return subprocess.call(arguments[1:])  # noqa: S603 - the lab's own words


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
