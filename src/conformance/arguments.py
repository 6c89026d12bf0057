"""What somebody may type for an option: numbers, parts and times."""

from __future__ import annotations

import argparse


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
