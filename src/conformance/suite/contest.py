"""Two calls on one domain at the same moment, round after round, each round with a domain of its own.

A race shows itself by chance. So the moment at which the one call begins is moved through the time that the other
takes, on both sides, and what is said of a driver holds the number of rounds that showed it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from conformance.driver.cleanup import remove
from conformance.driver.events import STARTED, STOPPED
from conformance.driver.handle import Handle
from conformance.driver.race import Contender, Ran, overlap, race
from conformance.driver.setbacks import ConnectionLost, NotReached
from conformance.journal import Entry, Journal, Outcome
from conformance.judgement import NotRefused
from conformance.races import DELAYS, QUESTIONS, Ending, Left, contradiction, left_of
from conformance.suite.calls import find_call, untaken
from conformance.suite.case import Case
from conformance.view import BY_NAME, Answer, View

#: How long rounds are begun, in seconds; a driver on which a guest starts slowly has fewer of them.
_SECONDS = 2.0
#: How many rounds there are at least: with no delay, and with one on either side.
_LEAST = 3
#: The questions that are asked of a domain's handle, on the second connection too.
_OF_HANDLE = {"active": "isActive", "persistent": "isPersistent"}


@dataclass(frozen=True)
class Round:
    """What one round showed.

    :param ending: how the calls ended, or nothing where what was left contradicts itself.
    :param said: what was seen, for a person.
    :param stray: whether a guest was started and not stopped whose domain is gone; nothing where nobody could tell.
    :param heir: what a domain that was defined again holds, where the race left none.
    """

    ending: Ending | None
    said: str
    overlapped: bool
    delay: float
    moved: bool = False
    stray: bool = False
    heir: Outcome | None = None


@dataclass
class Contest:
    """The rounds of one scenario."""

    words: str = ""
    second: Handle | None = None
    calls: tuple[str, str] = ("", "")
    rounds: list[Round] = field(default_factory=list)
    setting_up: tuple[Entry, ...] = ()
    made: tuple[Entry, ...] = ()
    longest: float = 0.0

    def run(self, case: Case, first: str, second: str) -> None:
        """Make two calls at the same moment until every delay was tried or the time is up.

        :raises NotReached: when a round cannot be set up.
        :raises ConnectionLost: when a call took its connection with it.
        """
        self.calls = (first, second)
        for text in self.calls:
            _demand_taken(case, text)
        given_up = time.monotonic() + min(_SECONDS, case.session.deadline / 3)
        spans = (0.0, 0.0)
        for number, share in enumerate(DELAYS):
            if number >= _LEAST and time.monotonic() > given_up:
                break
            # A call is moved through the time that the other one takes.
            ran = self._round(case, share * spans[0 if share > 0 else 1])
            spans = (max(spans[0], ran[0].seconds), max(spans[1], ran[1].seconds))
        self.longest = max(spans)

    def _round(self, case: Case, delay: float) -> tuple[Ran, Ran]:
        session, journal = case.session, case.session.journal
        journal.next_attempt()
        session.forget_names()
        here = len(journal.entries)
        step, journal.step = journal.step, f"Given a domain that is {self.words}"
        subject = case.set_up(self.words)
        if self.second is None:
            raise NotReached("the scenario opened no second connection")
        found = self.second.look("lookupByUUIDString", subject.owned.uuid)
        if found.failure is not None:
            raise NotReached(f"the second connection does not find the domain: {found.failure}")
        rival = Handle(found.value.raw, "dom2", journal, session.interceptor)
        self.setting_up = tuple(journal.entries[here:])
        journal.step = step
        sides = ((session.connection, subject.handle), (self.second, rival))
        first, second = (_contender(case, text, *side) for text, side in zip(self.calls, sides, strict=True))
        before = case.ask("id")
        ran = race(journal, first, second, delay)
        for each in ran:
            if session.lost(each.outcome.failure):
                raise ConnectionLost(f"the connection was lost in {each.outcome.call}: {each.outcome.failure}")
        self.made = tuple(each.entry for each in ran)
        self.rounds.append(self._judge(case, ran, rival, before, delay))
        # The next round's guest needs the memory that this one's has.
        own = Journal()
        remove(Handle(session.connection.raw, "conn", own), subject.owned, session.ledger.run)
        journal.leave_looks(own.calls, own.seconds)
        return ran

    def _judge(self, case: Case, ran: Sequence[Ran], rival: Handle, before: Answer | None, delay: float) -> Round:
        """Look at what a round has left."""
        views = (self._look(case), self._look_from(case, rival))
        left, other = (left_of(view) for view in views)
        codes = [each.outcome.code for each in ran]
        called = ", ".join(f"{text}: {each.outcome}" for text, each in zip(self.calls, ran, strict=True))
        overlapped = overlap(*ran)
        if left is None or left is not other:
            shown = f"{called}; afterwards the one connection shows {_shown(views[0])}, the other {_shown(views[1])}"
            return Round(None, shown, overlapped, delay)
        ending = Ending(codes[0], codes[1], left)
        stays = before != -1 and left in (Left.RUNNING, Left.REMAINDER)
        moved = stays and case.ask("id") != before
        stray, heir = False, None
        if left is Left.GONE:
            stray = _is_stray(case)
            heir = _heir(case)
        return Round(ending, f"{called}; the domain is {left}", overlapped, delay, moved, stray, heir)

    def _look(self, case: Case) -> View:
        return View({name: answer for name in QUESTIONS if (answer := case.ask(name)) is not None})

    def _look_from(self, case: Case, rival: Handle) -> View:
        """Return what the second connection shows, as far as it is a question of the connection or of its handle."""
        answers: dict[str, Answer] = {}
        for name in QUESTIONS:
            aspect = BY_NAME[name]
            if aspect.needs is not None and aspect.needs not in case.knowledge.capabilities:
                continue
            if aspect.receiver == "conn":
                answer = case.ask(name, connection=self.second)
            elif name in _OF_HANDLE:
                outcome = rival.look(_OF_HANDLE[name])
                answer = outcome.failure or outcome.value
            else:
                continue
            if answer is not None:
                answers[name] = answer
        return View(answers)

    def __str__(self) -> str:
        overlapped = sum(each.overlapped for each in self.rounds)
        seen = Counter(str(each.ending or each.said) for each in self.rounds).most_common()
        counted = "; ".join(f"{number} ended with {ending}" for ending, number in seen)
        return f"{len(self.rounds)} rounds, in {overlapped} of them the calls overlapped; {counted}"


def _demand_taken(case: Case, text: str) -> None:
    """Leave a driver that does not take the flags of a call to the rules about flags."""
    if missing := untaken(text, case.knowledge.flags):
        raise NotRefused(f"the driver does not take {', '.join(missing)}, so the call has no effect")


def _contender(case: Case, text: str, connection: Handle, domain: Handle) -> Contender:
    call = find_call(text)
    return Contender(connection if call.on == "connection" else domain, call.method, call.args(case))


def _shown(view: View) -> str:
    left = left_of(view)
    return f"that it is {left}" if left is not None else f"answers that contradict each other ({contradiction(view)})"


def _is_stray(case: Case) -> bool:
    """Tell by the events whether a guest was started and not stopped; without events it cannot be told."""
    if not case.recordings:
        return False
    case.session.fence(case.recordings)
    uuid = case.subject.owned.uuid
    return any(recording.count(uuid, STARTED) > recording.count(uuid, STOPPED) for recording in case.recordings)


def _heir(case: Case) -> Outcome | None:
    """Define the domain again and ask whether it has a managed save image; nothing where that cannot be asked."""
    if "managed-save" not in case.knowledge.capabilities:
        return None
    again = case.session.connection.look("defineXML", case.subject.xml)
    if again.failure is not None:
        return again
    image: Outcome = again.value.look("hasManagedSaveImage", 0)
    return image
