"""A driver of the tests' own that does what the model says, and drivers that part from it, without libvirt."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from conformance.explore.abilities import Abilities
from conformance.explore.life import Op
from conformance.explore.model import Ending, predict
from conformance.explore.parting import Identity, Sight
from conformance.explore.shown import EDITION, MISSING, Fact, expected, expected_of_namesake
from conformance.explore.world import World
from conformance.flags import Undefine
from conformance.journal import Failure
from conformance.judgement import Look
from conformance.view import Answer, View

#: Everything that a driver can have of what lives are made of.
EVERYTHING = frozenset(
    {
        "define", "start", "pause", "transient", "persistence-query", "undefine-flags", "managed-save",
        "managed-save-xml", "restore-shown", "image-beside-guest", "force-boot", "autostart", "snapshot-metadata",
        "checkpoint-metadata", "snapshot-beside-checkpoint", "events", "second-connection", "rename", "restart",
        "undefine-active",
    }
)  # fmt: skip
CAN = Abilities(EVERYTHING, sum(Undefine), frozenset(), checkpoint_by_redefine=True)
OWN, OTHER = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"

#: What a driver makes of an operation: the world that it is to be in, from that before and that by the model.
Bend = Callable[[Op, World, World], World]


def failure(name: str) -> Failure:
    """Return an error of a name; its number is made up."""
    return Failure(sum(name.encode()), name, 10, "made up")


def shown_as(facts: dict[str, Fact], uuid: str) -> View:
    """Return a view from which the facts would be read."""
    answers: dict[str, Answer] = {}
    for name, fact in facts.items():
        if fact == MISSING:
            answers[name] = failure(MISSING)
        elif name.startswith("look-up"):
            answers[name] = uuid if fact == "itself" else "another UUID"
        elif name == "id":
            answers[name] = 7 if fact else -1
        elif name == "state":
            answers[name] = (str(fact), "1")
        elif "definition" in name:
            text = f"<domain>\n<title>{EDITION.format(fact)}</title>\n</domain>"
            answers[name] = failure("OPERATION_INVALID") if fact == "none" else text
        else:
            answers[name] = fact
    return View(answers)


class Made:
    """A driver without libvirt: it does what the model says, bent by what makes it another.

    :param bend: what becomes of the world after an operation that succeeded.
    :param succeeds: operations that succeed where the model has them fail, by their names.
    """

    def __init__(self, bend: Bend | None = None, *, succeeds: Iterable[str] = ()) -> None:
        self._bend = bend
        self._succeeds = frozenset(succeeds)
        self.lives = 0
        self.world = World()

    def begin(self) -> Identity:
        """Begin a life."""
        self.lives += 1
        self.world = World()
        self._reason = "1"
        self._undefines = 0
        self._namesake_was = False
        return Identity(OWN, OTHER)

    def do(self, op: Op, world: World) -> Failure | None:
        """Do what the model says of the operation."""
        prediction = predict(self.world, op, CAN)
        if prediction is None:
            return failure("OPERATION_INVALID")
        if prediction.ending is Ending.FAILURE and op.name not in self._succeeds:
            return failure(prediction.codes[0] if prediction.codes else "OPERATION_FAILED")
        if prediction.restored is not None:
            self._reason = "3" if prediction.restored else "1"
        before, self.world = self.world, prediction.after
        if self._bend is not None:
            self.world = self._bend(op, before, self.world)
        self._undefines += op.name == "undefine"
        self._namesake_was = self._namesake_was or self.world.namesake is not None
        return None

    def look(self, world: World) -> Sight:
        """Show the world."""
        own = shown_as(dict(expected(self.world)), OWN) if self.world.handled else View({})
        state = own.get("state")
        if isinstance(state, tuple):
            own = View({**own.answers, "state": (state[0], self._reason)})
        namesake = shown_as(dict(expected_of_namesake(self.world)), OTHER) if self._namesake_was else None
        return Sight(own, namesake)

    def told(self) -> list[str]:
        """Tell of each undefine once."""
        return ["UNDEFINED (detail 0)"] * self._undefines

    def questions(self, aspects: Iterable[str]) -> tuple[Look, ...]:
        """Return questions that nobody asks."""
        return tuple(Look(aspect, "None") for aspect in aspects)

    def end(self) -> None:
        """Leave nothing."""
        self.world = World()
