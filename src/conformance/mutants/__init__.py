"""Broken drivers: the real one with one vice each, to see that the rules convict what they are for.

A vice stands between the kit and the driver in every call of a scenario. The attendant's probing, the kit's
clean-up and its inventory go past it, so a run finds the same capabilities with it as without.
"""

from __future__ import annotations

import difflib
import importlib

from conformance.driver.handle import Interceptor
from conformance.errors import UsageError
from conformance.kill_matrix import Declared
from conformance.mutants.call import QEMU
from conformance.mutants.mended import as_mended
from conformance.mutants.vice import VICES, Vice, control, interceptor

__all__ = ["CONTROL", "QEMU", "VICES", "Vice", "as_mended", "declared", "find"]

#: The name under which the driver without a vice is run, to see what is not a vice's doing.
CONTROL = "none"

_MODULES = (
    "removal", "guests", "transient", "older_call", "inheritance", "handles", "autostart",
    "failures", "images", "flags", "refusals", "events", "access", "liveness",
    "metadata", "guests_metadata", "neighbours", "storage", "firmware", "together", "restart", "denial",
)  # fmt: skip
for _module in _MODULES:
    # Each registers its vices.
    importlib.import_module(f"{__name__}.{_module}")


def declared() -> list[Declared]:
    """Return what each vice is said to be, as values."""
    return [
        Declared(
            name,
            vice.body.__module__.rpartition(".")[2].replace("_", " "),
            vice.sentence,
            vice.rules,
            vice.overlaps,
            vice.uri,
            vice.ends_process,
        )
        for name, vice in VICES.items()
    ]


def find(name: str) -> Interceptor:
    """Return a vice by its name, fresh.

    :raises UsageError: when there is no such vice.
    """
    if name == CONTROL:
        return control()
    if name not in VICES:
        close = difflib.get_close_matches(name, VICES, cutoff=0)
        raise UsageError(
            f"there is no vice called {name!r}", remedy=f"choose one of the {len(VICES)}, such as {', '.join(close)}"
        )
    return interceptor(VICES[name].body)
