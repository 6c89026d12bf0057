"""Runs a command, reaps at once whatever it leaves behind, and notes how it ended.

A driver inside a worker starts its guests as daemons. When such a guest ends, libvirt waits until its process has
disappeared, and it disappears only when its parent has reaped it. The first process of a container often does so
late, which makes every stop of a guest last seconds. This process adopts them instead.

It ends with the controlling process, however that ends, and the command ends with it.
It runs before everything else in a worker, isolated from the environment, and imports as little as possible.
"""

import os
import signal
import sys

# Whatever asks a run to end, a Ctrl-C at the terminal or a supervisor that signals the whole group, asks the
# controlling process, which ends the others in order.
_ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
for _number in _ASKING:
    signal.signal(_number, signal.SIG_IGN)
# Until now they were held back, as Python would have met one with a traceback.
signal.pthread_sigmask(signal.SIG_UNBLOCK, _ASKING)

import ctypes  # noqa: E402 - it takes longer than all before it

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def main(parent: int, mark: str, command: list[str]) -> int:
    """Run a command as the adoptive parent of its daemons.

    :param parent: the controlling process.
    :param mark: ``NAME=FOLDER``, which the command finds in its environment; in the folder ``PID.exit`` is written,
        the wait status of the command.
    :returns: the command's exit code, 128 + the signal's number when a signal ended it.
    """
    name, _, folder = mark.partition("=")
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    _end_with(parent, libc)
    reaper = os.getpid()
    child = os.fork()
    if child == 0:
        _end_with(reaper, libc)
        os.setsid()
        # What a driver in this process writes would run into the lines of the report.
        log = os.open(os.path.join(folder, f"{os.getpid()}.log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)  # noqa: PTH118
        os.dup2(log, 2)
        for number in _ASKING:
            signal.signal(number, signal.SIG_DFL)
        os.execvpe(command[0], command, {**os.environ, name: folder})  # noqa: S606 - the command is the kit's own worker
    for stream in (0, 1):
        # The other end has to see the command's end, not this process's.
        os.close(stream)
    status = _reap_until(child)
    try:
        with open(os.path.join(folder, f"{child}.exit"), "w") as file:  # noqa: PTH118, PTH123 - pathlib takes as long to import as all of this
            file.write(str(status))
    except OSError:
        # The run is over and its folder is gone: there is nobody left to tell.
        pass
    return os.waitstatus_to_exitcode(status) % 256


def _end_with(parent: int, libc: ctypes.CDLL) -> None:
    """Let the kernel kill this process when its parent ends, or end it when the parent has ended before."""
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def _reap_until(child: int) -> int:
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == child:
            return status


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2], sys.argv[3:]))
