"""Runs a command, reaps at once whatever it leaves behind, and notes how it ended.

A driver inside a worker starts its guests as daemons. When such a guest ends, libvirt waits until its process has
disappeared, and it disappears only when its parent has reaped it. The first process of a container often does so
late, which makes every stop of a guest last seconds. This process adopts them instead.

It runs before everything else in a worker, isolated from the environment, and imports as little as possible.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def main(folder: str, command: list[str]) -> int:
    """Run a command as the adoptive parent of its daemons.

    :param folder: where ``PID.exit`` is written: the wait status of the command.
    :returns: the command's exit code, 128 + the signal's number when a signal ended it.
    """
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    # A Ctrl-C at the terminal is for the controlling process, which ends the workers in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
        os.setsid()
        # What a driver in this process writes would run into the lines of the report.
        log = os.open(os.path.join(folder, f"{os.getpid()}.log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)  # noqa: PTH118
        os.dup2(log, 2)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.execvp(command[0], command)  # noqa: S606 - the command is the kit's own worker
    for stream in (0, 1):
        # The other end has to see the command's end, not this process's.
        os.close(stream)
    signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGTERM))
    status = _reap_until(child)
    with open(os.path.join(folder, f"{child}.exit"), "w") as file:  # noqa: PTH118, PTH123 - pathlib takes as long to import as all of this
        file.write(str(status))
    return os.waitstatus_to_exitcode(status) % 256


def _reap_until(child: int) -> int:
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == child:
            return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
