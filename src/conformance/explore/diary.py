"""How far a life has come, where the controlling process can read it when the process that led it is gone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from conformance.explore.life import Life, Op, parse_life
from conformance.explore.world import World, parse_world
from conformance.journal import BlackBox


class Diary(BlackBox):
    """A page with the life under way: the state before its last operation, and all of its operations."""

    SIZE = 1 << 14

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._text = ""

    def note(self, life: Sequence[Op], world: World) -> None:
        """Take note of a life whose last operation is about to be carried out.

        :param world: as the model has it before that operation.
        """
        code = _code(life[-1])
        self._text = f"{self._text} {code}" if len(life) > 1 else code
        self.write(f"{world.code}\n{self._text}")


@lru_cache(maxsize=1 << 12)
def _code(op: Op) -> str:
    return op.code


def last_life(path: Path) -> tuple[World, Life] | None:
    """Return the state before the last operation that a process took note of, and its life, where there is one."""
    world, _, life = BlackBox.read(path).partition("\n")
    return (parse_world(world), parse_life(life)) if life else None
