"""What somebody may type for an option of a run: numbers, parts, times and files."""

from __future__ import annotations

import argparse
from pathlib import Path


def positive(text: str) -> int:
    """Return a number of things from what somebody typed.

    :raises argparse.ArgumentTypeError: when it is no number from 1 to 256.
    """
    if not text.isdigit() or not 1 <= int(text) <= 256:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 256")
    return int(text)


def shard(text: str) -> tuple[int, int]:
    """Return which part of how many is meant, from what somebody typed.

    :raises argparse.ArgumentTypeError: when it is no such part.
    """
    index, slash, of = text.partition("/")
    if not (slash and index.isdigit() and of.isdigit() and 1 <= int(index) <= int(of) <= 256):
        raise argparse.ArgumentTypeError(f"{text!r} is not a part such as 2/4")
    return int(index), int(of)


def seconds(text: str) -> float:
    """Return a time limit from what somebody typed.

    :raises argparse.ArgumentTypeError: when it is no number from 0.1 to 86400.
    """
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0.1 <= number <= 86400:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0.1 to 86400")
    return number


def file(text: str) -> Path:
    """Return a file from what somebody typed.

    What a run prints is for who watches it: a document in its midst could be read by nobody, and a file of that name is
    not what anybody means who types it.

    :raises argparse.ArgumentTypeError: when it stands for standard output or input.
    """
    path = Path(text)
    if path == Path("-"):
        raise argparse.ArgumentTypeError(f"{text!r} names no file here: it is render that writes to standard output")
    return path
