"""Carries a connection to a daemon's socket as whoever runs it: libvirt's transport for a command of one's own.

Called as ``carrier.py SOCKET``. The capsule's own Python runs it, whatever its age.
"""

from __future__ import annotations

import os
import socket
import sys
import threading

_CHUNK = 65536


def main(path: str) -> None:
    """Hand on what comes from either side until one of them ends."""
    there = socket.socket(socket.AF_UNIX)
    there.connect(path)

    def out() -> None:
        while data := os.read(0, _CHUNK):
            there.sendall(data)
        there.shutdown(socket.SHUT_WR)

    threading.Thread(target=out, daemon=True).start()
    while data := there.recv(_CHUNK):
        os.write(1, data)
    # The other direction may wait for ever for its next word.
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
