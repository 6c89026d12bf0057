"""How a process is kept from outliving the one that needs it, however that ends."""

from __future__ import annotations

import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1


def end_with(parent: int) -> bool:
    """Let the kernel kill this process when its parent ends.

    :param parent: the process that has to be its parent.
    :returns: whether it still is.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    return os.getppid() == parent
