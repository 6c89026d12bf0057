"""Where the specification and the features lie: in the installed package, or in the checkout beside it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from conformance.errors import MissingData

_PACKAGE = Path(__file__).resolve().parent


@cache
def folder(name: str) -> Path:
    """Return the folder ``spec`` or ``features``.

    :raises MissingData: when neither the package nor a checkout around it has it.
    """
    for base in (_PACKAGE / "_data", _PACKAGE.parents[1]):
        if (found := base / name).is_dir():
            return found
    raise MissingData(f"the folder {name}/ is missing from this installation", where=str(_PACKAGE))
