"""Making a life shorter as long as it shows the same, until nothing can be left out of it.

hypothesis shrinks what it has drawn, which is choices; a life that came out of them can still hold an operation that
nothing hangs on. So each is left out once more, and simpler ones are put in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from conformance.explore.life import Kind, Life, Op

#: Tells whether a life shows what it has to show.
Shows = Callable[[Life], bool]


def shrink(life: Life, shows: Shows, budget: int) -> tuple[Life, bool]:
    """Return a life that shows the same, and whether none of its operations can be left out.

    :param budget: how many lives may be tried.
    """
    tried: set[Life] = {life}
    left = budget
    moved = True
    while moved:
        moved = False
        for shorter in _simpler(life):
            if shorter in tried:
                continue
            if left <= 0:
                return life, False
            left -= 1
            tried.add(shorter)
            if shows(shorter):
                life, moved = shorter, True
                break
    return life, True


def _simpler(life: Life) -> Iterator[Life]:
    """Yield what is simpler: without a run of operations, without one, then with a simpler one in its place."""
    last = len(life) - 1
    if last:
        # What shows itself at the end of a life need not come of its last operation.
        yield life[:-1]
    for size in (last // 2, last // 4):
        for start in range(0, last, size) if size > 1 else ():
            yield (*life[:start], *life[min(start + size, last) :])
    for index in range(last):
        yield (*life[:index], *life[index + 1 :])
    # Two that undo each other go only together.
    for first in range(last):
        for second in range(first + 1, last):
            yield (*life[:first], *life[first + 1 : second], *life[second + 1 :])
    for index, op in enumerate(life):
        for simpler in _simpler_ops(op):
            yield (*life[:index], simpler, *life[index + 1 :])


def _simpler_ops(op: Op) -> Iterator[Op]:
    if op.second:
        yield Op(op.kind, op.flags)
    if op.kind is Kind.UNDEFINE_FLAGS:
        yield Op(Kind.UNDEFINE, second=op.second)
        for bit in range(32):
            if op.flags >> bit & 1:
                yield Op(op.kind, op.flags & ~(1 << bit), op.second)
