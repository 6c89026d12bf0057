"""What there is at a moment of a life: the domain, its run state, what it holds, and what stands beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from conformance.decision import Holding, State


@dataclass(frozen=True, slots=True)
class Image:
    """A managed save image: whether its guest was paused, and which edition of the definition is in it."""

    paused: bool
    edition: int


@dataclass(frozen=True, slots=True)
class World:
    """The domain that a life is about, and what has to be known of others to tell what becomes of it.

    :param state: of the domain, or nothing while there is none.
    :param handled: whether the client has a handle of the domain, were it an old one.
    :param renamed: whether the domain has its second name.
    :param edition: of the definition, 0 where there is none; each new definition is another.
    :param live: the edition with which the guest runs, 0 where none does.
    :param namesake: the state of another domain of the first name.
    :param retaken: whether the domain was transient when it was given the definition that it has, and still runs.
    """

    state: State | None = None
    handled: bool = False
    renamed: bool = False
    autostart: bool = False
    image: Image | None = None
    snapshot: bool = False
    checkpoint: bool = False
    edition: int = 0
    live: int = 0
    namesake: State | None = None
    retaken: bool = False

    @property
    def held(self) -> frozenset[Holding]:
        """What the domain holds, as the decision table has it."""
        held = {Holding.IMAGE: self.image, Holding.SNAPSHOT: self.snapshot, Holding.CHECKPOINT: self.checkpoint}
        return frozenset(holding for holding, there in held.items() if there)

    @property
    def phase(self) -> str:
        """What the domain is, in the coarse terms in which a fault is told from another."""
        if self.state is None:
            return "absent"
        return "transient" if self.state.transient else "active" if self.state.active else "inactive"

    @property
    def key(self) -> World:
        """The state for counting: which of two editions it is makes no other state."""
        return _key(self)

    def __str__(self) -> str:
        if self.state is None:
            words = ["there is none" if self.handled else "nothing was made yet"]
        else:
            words = [str(self.state)]
        if self.image:
            words.append("an image of a paused guest" if self.image.paused else "an image")
        words += [name for name in ("snapshot", "checkpoint", "autostart", "renamed", "retaken") if getattr(self, name)]
        if self.namesake is not None:
            words.append(f"its namesake {self.namesake}")
        return ", ".join(words)

    @property
    def code(self) -> str:
        """The state of :attr:`key` in a few letters, which :func:`parse_world` reads again."""
        return _code(self)


_STATES = tuple(State)
_SIGNS = (None, *_STATES)


@lru_cache(maxsize=1 << 12)
def _code(world: World) -> str:
    image = "" if world.image is None else "I" if world.image.paused else "i"
    marks = {
        "h": world.handled, "r": world.renamed, "a": world.autostart, "s": world.snapshot, "c": world.checkpoint,
        "t": world.retaken,
    }  # fmt: skip
    letters = "".join(letter for letter, there in marks.items() if there)
    return f"{_SIGNS.index(world.state)}{_SIGNS.index(world.namesake)}{letters}{image}"


def parse_world(code: str) -> World:
    """Return the state that :attr:`World.code` wrote down."""
    image = Image("I" in code, 0) if "i" in code.lower() else None
    return World(
        _SIGNS[int(code[0])], "h" in code, "r" in code, "a" in code, image, "s" in code, "c" in code,
        namesake=_SIGNS[int(code[1])], retaken="t" in code,
    )  # fmt: skip


@lru_cache(maxsize=1 << 12)
def _key(world: World) -> World:
    image = world.image and replace(world.image, edition=0)
    return replace(world, edition=0, live=0, image=image)
