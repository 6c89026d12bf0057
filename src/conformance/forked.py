"""Asks the fork server of a run for a process, whose input and output are given ones.

As a script it stands for that process where a program is wanted that can be started: its own input and output are
the process's, and it ends as the process does. It then runs isolated from the environment, once for each worker, and
imports as little as possible.
"""

import os
import signal
import socket
import sys

#: The name of the server's socket, in the folder of the run.
SOCKET = "fork"


def address(folder: int) -> str:
    """Return a name of the server's socket that is short enough, wherever the folder lies.

    :param folder: a descriptor of the folder of the run.
    """
    return f"/proc/self/fd/{folder}/{SOCKET}"


def ask(folder: str, request: str, streams: tuple[int, ...] = ()) -> socket.socket:
    """Ask for something, and return the connection: what is sent back is the end, and an end of it ends the process.

    :param folder: the folder of the run.
    :param request: ``import MODULE``, or ``fork MODULE`` for a process that calls the module's ``main``.
    :param streams: the process's standard input and standard output.
    :raises OSError: when there is no such server.
    """
    place = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        connection.connect(address(place))
        socket.send_fds(connection, [request.encode()], streams)
    except OSError:
        connection.close()
        raise
    finally:
        os.close(place)
    return connection


def main(mark: str, module: str) -> int:
    """Stand for a process until it ends; return its exit code, 128 + the signal's number when a signal ended it.

    :param mark: ``NAME=FOLDER``, by which the processes of a run are found; the folder is the run's.
    """
    # Whatever asks a run to end asks the controlling process, which ends the others in order.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    try:
        connection = ask(mark.partition("=")[2], f"fork {module}", (0, 1))
        # Until it ends, this process holds the streams too: whoever sees them end finds how the process ended noted.
        return int(connection.recv(16) or 1) % 256
    except OSError:
        # The server is no more.
        return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
