"""Texts that a driver or a host chose, shown so that they steer nothing and lose nothing.

A libvirt error can carry whatever a guest, a file name or a remote host put into it: terminal escapes, characters
that turn the direction of writing, half characters that no file can hold. Each is shown by its name instead.
"""

from __future__ import annotations


def plain(text: str, *, lines: bool = False) -> str:
    r"""Return a text in which every character that is not to be seen is written as Python would, such as ``\x1b``.

    :param lines: whether line feeds and tabs stay what they are.
    """
    if text.isprintable():
        return text
    if not lines:
        return _named(text)
    # By line, as most lines of a script hold nothing that needs a closer look.
    return "\n".join(line if line.isprintable() else _named(line, "\t") for line in text.split("\n"))


def printable(text: str, *, lines: bool = False) -> str:
    """Return a text with a space in the place of every character that is not to be seen, for a terminal's lines.

    :param lines: whether line feeds stay what they are.
    """
    kept = "\n" if lines else ""
    return "".join(character if character.isprintable() or character in kept else " " for character in text)


def plain_cell(text: str) -> str:
    """Return a text as a cell that no spreadsheet takes for a formula."""
    shown = plain(text)
    return f"'{shown}" if shown.startswith(("=", "+", "-", "@")) else shown


def _named(text: str, kept: str = "") -> str:
    return "".join(
        character if character.isprintable() or character in kept else character.encode("unicode_escape").decode()
        for character in text
    )
