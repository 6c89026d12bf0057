"""The search: lives drawn by hypothesis, led with a driver, and shrunk by it where driver and model part.

What is drawn hangs on the seed and on what the driver answered before, and on no clock: the same seed leads the same
lives, as far as the driver is deterministic. The clock says only when there are enough.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st

from conformance.explore.abilities import Abilities
from conformance.explore.course import Course, Coverage, Parting, Way
from conformance.explore.life import Kind, Life, Op
from conformance.explore.parting import Signature
from conformance.explore.shrink import shrink
from conformance.explore.ways import Ways, alphabet, rarest, shortcuts, unions, ways, with_second
from conformance.flags import Undefine

#: How many operations each of the two halves of a life has at most, behind the way to where it begins.
_LONGEST = 16
#: After so many batches the ways are looked for again, where some were closed by then.
_RENEWED = 8


@dataclass(frozen=True)
class Measure:
    """How much is done before anything else is decided.

    :param lives: in one batch.
    :param shrinking: lives that hypothesis may lead to shrink one.
    :param finishing: lives that may be led to shorten what hypothesis leaves.
    """

    lives: int = 100
    shrinking: int = 50
    finishing: int = 150


#: For a driver whose guests are real, and take their time.
SLOW = Measure(lives=12, shrinking=6, finishing=60)


class _Over(BaseException):
    """There is no time left: hypothesis takes every other exception for something that it has found."""


class _Parted(AssertionError):
    """Driver and model have parted; a class of its own for each signature, which hypothesis never mixes up."""

    parting: Parting


@dataclass
class Search:
    """One search.

    :param number: what everything that is drawn comes from.
    :param is_over: tells whether there is no time left, and ``is_late`` whether there is none to shrink a life either.
    """

    course: Course
    can: Abilities
    coverage: Coverage
    number: str
    measure: Measure
    is_over: Callable[[], bool]
    is_late: Callable[[], bool]
    known: set[Signature] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._classes: dict[Signature, type[_Parted]] = {}
        self._batches = 0
        #: How many lives were drawn; those that only shorten one are not counted.
        self.drawn = 0
        self._goals: list[Life] = []
        self._ways: Ways | None = None
        self._shut = 0
        self._ops = self._strategy()

    def _strategy(self) -> Any:
        """Return what draws an operation; simple ones come first, as shrinking goes that way."""
        ops = [op for op in alphabet(self.can) if op.kind is not Kind.UNDEFINE_FLAGS]
        plain = st.sampled_from(with_second(ops, self.can))
        if not self.can.has(Kind.UNDEFINE_FLAGS):
            return plain
        taken = [flag for flag in Undefine if self.can.taken & flag]
        values = list(
            dict.fromkeys([*map(int, taken), *unions(taken), *map(int, Undefine), 1 << 7, 1 << 31, 0xFFFFFFFF])
        )
        second = st.booleans() if "second-connection" in self.can.capabilities else st.just(False)
        flagged = st.builds(_flagged, st.sampled_from(values), second)
        # One in five asks by flags.
        return st.one_of(plain, plain, plain, plain, flagged)

    def batch(self) -> Parting | None:
        """Lead some lives; return the shortest in which something new has shown itself, or nothing.

        :raises KitError: when lives cannot be led any more.
        """
        closed = frozenset(self.coverage.parted)
        shut = len(closed) + len(self.coverage.refused)
        if self._ways is None or (self._batches % _RENEWED == 0 and shut != self._shut):
            self._ways, self._shut = ways(self.can, closed, self.coverage.refused), shut
        self._batches += 1
        chance = random.Random(f"{self.number}/{self._batches}")  # noqa: S311 - no secret
        self._goals = rarest(self._ways, self.coverage, self.measure.lives, chance)
        parted = self._hypothesis(closed, chance.getrandbits(64))
        if parted is None:
            return None
        return self._shortest(parted)

    def _hypothesis(self, closed: frozenset[Way], number: int) -> Parting | None:
        """Let hypothesis draw lives, and shrink the first that shows something new."""
        known: dict[Life, Parting | None] = {}
        found: list[Parting] = []
        left = self.measure.shrinking

        def lead(life: Life) -> Parting | None:
            nonlocal left
            if life not in known:
                if not found and self.is_over():
                    raise _Over
                if found:
                    if left <= 0 or self.is_late():
                        # Enough was tried: what hypothesis still asks for shows nothing.
                        return None
                    left -= 1
                self.drawn += not found
                known[life] = self.course.lead(life, closed, self.known, found[0].signature if found else None)
            return known[life]

        def body(start: Life, rest: list[Op], end: list[Op]) -> None:
            parting = lead((*start, *rest, *end))
            if parting is None:
                return
            found.append(parting)
            raise self._class_of(parting.signature)(parting)

        # hypothesis likes short lists; two of them are long enough for a life to come somewhere.
        some = st.lists(self._ops, max_size=_LONGEST)
        drawn = given(st.sampled_from([(), *self._goals]), some, some)(body)
        run: Callable[[], None] = seed(number)(_settings(self.measure.lives)(drawn))
        try:
            run()
        except _Over:
            return None
        except _Parted as parted:
            parting: Parting = parted.args[0]
            return parting
        return None

    def _class_of(self, signature: Signature) -> type[_Parted]:
        if signature not in self._classes:
            self._classes[signature] = type("_Parted", (_Parted,), {})
        return self._classes[signature]

    def _shortest(self, parting: Parting) -> Parting:
        """Return a life that shows the same and of which nothing can be left out, led once more from the beginning."""
        shown = parting

        def shows(life: Life) -> bool:
            nonlocal shown
            if self.is_late():
                return False
            led = self.course.lead(life, (), self.known, parting.signature)
            if led is None or led.signature != parting.signature or len(led.life) > len(life):
                return False
            shown = led
            return True

        left = self.measure.finishing
        for life in shortcuts(self._ways or ways(self.can), parting.before, parting.life[-1]):
            if len(life) >= len(parting.life) or left <= 0:
                break
            left -= 1
            if shows(life):
                break
        _, shortest = shrink(shown.life, shows, left)
        return replace(shown, shortest=shortest and not self.is_late())


def _flagged(flags: int, second: bool) -> Op:
    return Op(Kind.UNDEFINE_FLAGS, flags, second)


def _settings(examples: int) -> settings:
    return settings(
        max_examples=examples,
        database=None,
        deadline=None,
        derandomize=False,
        phases=(Phase.generate, Phase.shrink),
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
        backend="hypothesis",
    )
