"""When Python looks for garbage: not while a command imports and reads what it needs, none of which is any.

It looks once for so many new objects, at all that there are, which is a fifth of the time that imports take.
"""

from __future__ import annotations

import gc

_ignored = False


def ignore() -> None:
    """Let Python not look until it is told to; a command that ends before need not say so."""
    global _ignored
    _ignored = gc.isenabled()
    gc.disable()


def heed() -> None:
    """Let Python look again, where it was told not to, at what comes from now on: what there is stays."""
    global _ignored
    gc.freeze()
    if _ignored:
        gc.enable()
    _ignored = False
