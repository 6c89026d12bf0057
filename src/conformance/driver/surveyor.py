"""Putting one region of the decision table to a driver, cell by cell.

Refusals come first, as one set-up serves them all. Each is judged by itself, by everything that the driver shows
after the call. What a driver does wrong is asked for again on a domain of its own, which also gives the script.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

from conformance.cell import SENT_EVENT, Fault, judge_call, judge_halted, judge_heir
from conformance.decision import Holding, Outcome
from conformance.driver.handle import UNSUPPORTED
from conformance.driver.knowledge import Knowledge
from conformance.driver.session import Session
from conformance.driver.setbacks import NotReached
from conformance.driver.stand import Stand
from conformance.flags import Undefine
from conformance.journal import Failure
from conformance.judgement import Look
from conformance.smallest import Shown, is_told_by
from conformance.survey import Cause, Decisions, Finding, Survey, call_words, size
from conformance.view import View, differences

#: Of so many refusals one is asked for a second time on the same domain.
_SAMPLE = 8

#: Codes by which a driver says that there is no way into a situation.
_SAYS_NO = (*UNSUPPORTED, "OPERATION_INVALID")

#: Writes the script that shows a fault, from the journal as it is and the questions that show it.
Write = Callable[[Fault, tuple[Look, ...]], str]


@dataclass
class Attempt:
    """One call that was made: how it ended, and what is wrong with that and with what followed.

    :param to_the_end: whether a guest that it left running was halted too.
    :param singly: whether each list was asked for by itself, whatever had been seen before.
    """

    flags: int
    failure: Failure | None
    to_the_end: bool = False
    singly: bool = False
    faults: list[Fault] = field(default_factory=list)
    looks: dict[str, tuple[Look, ...]] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """The answer for a person."""
        answer = f"it failed with {self.failure}" if self.failure else "it succeeded"
        return "; ".join(dict.fromkeys([answer, *(fault.observed for fault in self.faults)]))

    @property
    def answer(self) -> tuple[str, frozenset[str]]:
        """What has to be the same when the same is asked again."""
        # Events are looked for in some attempts and not in others.
        signs = frozenset(fault.sign for fault in self.faults) - {SENT_EVENT}
        return self.failure.name if self.failure else "", signs


class Surveyor:
    """One survey under way.

    :param counted: the rules by which the driver is judged in this run.
    :param progress: called before each cell, as each may take as long as a scenario.
    :param confirmed: what this process has seen twice, and written a script of; more is added.
    """

    def __init__(
        self,
        session: Session,
        knowledge: Knowledge,
        survey: Survey,
        counted: Collection[str],
        write: Write,
        progress: Callable[[], None],
        confirmed: list[Shown] | None = None,
    ) -> None:
        self._survey = survey
        self._counted = frozenset(counted)
        self._write = write
        self._progress = progress
        self._decisions = Decisions(survey.region, sum(knowledge.flags))
        self._stand = Stand(session, knowledge, survey.region)
        self._answers: dict[int, tuple[str, frozenset[str]]] = {}
        self._convicted: set[int] = set()
        self._confirmed = [] if confirmed is None else confirmed
        self.finding = Finding(survey.region.id)

    def run(self) -> Finding:
        """Judge every cell of the survey that is about a rule which counts."""
        values = sorted((v for v in self._survey.values if self._decisions[v].about & self._counted), key=size)
        try:
            self._stand.set_up()
        except NotReached as error:
            self.finding.reached, self.finding.why = False, str(error)
            self.finding.unsupported = any(code in str(error) for code in _SAYS_NO)
            return self.finding
        try:
            self._refusals([flags for flags in values if self._decisions[flags].refused])
            self._successes([flags for flags in values if not self._decisions[flags].refused])
        except NotReached as error:
            self.finding.why = str(error)
        judged = Counter((self._decisions[flags].about, flags not in self._convicted) for flags in self._answers)
        for (about, upheld), cells in judged.items():
            self.finding.note(about & self._counted, cells, upheld=upheld)
        return self.finding

    # Refusals

    def _refusals(self, values: Sequence[int]) -> None:
        """Judge the calls that have to be refused, then some of them once more, then what all of them have left."""
        stand = self._stand
        here: list[int] = []
        unfenced: list[int] = []
        for flags in values:
            self._progress()
            stand.ensure()
            failure, after = stand.ask(flags)
            if code := self._right_code(flags, failure):
                self._answers[flags] = (code, frozenset())
                here.append(flags)
                continue
            after = stand.look() if stand.intact else after
            attempt = self._judge(Attempt(flags, failure, singly=True), stand.before, after, None)
            # What was told of the calls before can no longer be told from what was told of this one.
            unfenced += here
            here = []
            if stand.intact:
                stand.events()
            self._take(attempt)
        for flags in sorted({*unfenced, *values[::_SAMPLE]} - self._convicted, key=size):
            self._repeat(flags)
        if values and stand.intact:
            self._look_back(values)

    def _look_back(self, values: Sequence[int]) -> None:
        """Judge what refusals have left together, and what was told of them.

        :raises NotReached: when something has changed that no call changes by itself.
        """
        stand = self._stand
        if moved := differences(stand.before, stand.look()):
            if not self._find(values, singly=True):
                shown = "; ".join(map(str, moved))
                raise NotReached(f"after all refusals another look shows {shown}, which no call brings about by itself")
        elif stand.events():
            self._find(values)

    def _right_code(self, flags: int, failure: Failure | None) -> str:
        """Return the code with which a call was refused as it had to be, with everything left as it was, or nothing."""
        if failure is None or not self._stand.intact:
            return ""
        codes = self._decisions[flags].codes
        return failure.name if not codes or failure.name in codes else ""

    def _repeat(self, flags: int) -> None:
        """Ask again on the same domain what was answered rightly, and hold the two answers together."""
        self._progress()
        self._stand.ensure()
        failure, after = self._stand.ask(flags)
        code = self._right_code(flags, failure)
        if code and code == self._answers[flags][0]:
            return
        attempt = self._judge(Attempt(flags, failure), self._stand.before, after, None)
        if attempt.answer != self._answers[flags]:
            self.finding.note_inconsistent(flags, self._say(self._answers[flags]), attempt.words)
        if attempt.faults:
            self._convict(attempt)

    def _find(self, values: Iterable[int], *, singly: bool = False) -> bool:
        """Ask once more, call by call, to see which of them did what was seen of them together; tell whether one did.

        :param singly: whether each list is asked for by itself.
        """
        before = len(self._convicted)
        for flags in values:
            if flags not in self._convicted and (attempt := self._asked(flags, singly=singly)).faults:
                self._convict(attempt)
        return len(self._convicted) > before

    # Successes

    def _successes(self, values: Sequence[int]) -> None:
        """Judge the calls that have to succeed, one of them twice, and some of them until the guest has halted."""
        active = [flags for flags in values if self._survey.region.state.active]
        # What becomes of a TPM's state at the halt hangs on the flags; all else is one at every halt.
        ends = {self._decisions[flags].fates.get(Holding.TPM): flags for flags in reversed(active)}.values()
        others = [flags for flags in values if flags not in ends]
        # These ask for least, so that they show first what all the others show as well.
        for flags in ends:
            self._take(self._asked(flags, to_the_end=True))
        for flags in others:
            self._take(self._asked(flags))
        for flags in others[:1]:
            again = self._asked(flags)
            if again.answer != self._answers[flags]:
                self.finding.note_inconsistent(flags, self._say(self._answers[flags]), again.words)

    def _asked(self, flags: int, *, to_the_end: bool = False, singly: bool = False) -> Attempt:
        self._progress()
        self._stand.ensure()
        return self._attempt(flags, to_the_end=to_the_end, singly=singly)

    # One attempt

    def _attempt(self, flags: int, *, to_the_end: bool = False, singly: bool = False, keep: bool = False) -> Attempt:
        """Make a call and judge it with everything that can be seen of it, events and heirs included."""
        stand = self._stand
        failure, after = stand.ask(flags, keep=keep, singly=singly)
        attempt = self._judge(Attempt(flags, failure, to_the_end, singly), stand.before, after, stand.events())
        decision = self._decisions[flags]
        if failure is not None or decision.refused or attempt.faults:
            return attempt
        if decision.outcome is Outcome.TRANSIENT:
            if not to_the_end:
                return attempt
            self._add(attempt, judge_halted(decision, stand.before, stand.halt()))
            if attempt.faults:
                return attempt
        view, heir = stand.define_again()
        for fault in judge_heir(decision, view):
            self._add(attempt, [fault], stand.questions(fault.aspects, heir))
        return attempt

    def _judge(self, attempt: Attempt, before: View, after: View, events: list[str] | None) -> Attempt:
        decision = self._decisions[attempt.flags]
        words = call_words(attempt.flags)
        self._add(attempt, judge_call(decision, words, attempt.failure, before, after, events))
        return attempt

    def _add(self, attempt: Attempt, faults: Iterable[Fault], looks: tuple[Look, ...] | None = None) -> None:
        for fault in faults:
            if fault.rule in self._counted:
                attempt.faults.append(fault)
                attempt.looks[fault.sign] = looks or self._stand.questions(fault.aspects)

    @staticmethod
    def _say(answer: tuple[str, frozenset[str]]) -> str:
        code, signs = answer
        return "; ".join([f"it failed with {code}" if code else "it succeeded", *sorted(signs)])

    # Convictions

    def _take(self, attempt: Attempt) -> None:
        """Keep the answer of a cell, and convict where it is wrong."""
        self._answers[attempt.flags] = attempt.answer
        if attempt.faults:
            self._convict(attempt)

    def _convict(self, attempt: Attempt) -> None:
        self._convicted.add(attempt.flags)
        if not self._survey.complete:
            attempt = self._shrink(attempt)
        fresh = [cause for fault in attempt.faults if (cause := self.finding.blame(attempt.flags, fault))]
        # What is told by a smaller combination needs no second look, and no script.
        if untold := [cause for cause in fresh if not self._is_told(cause)]:
            self._confirm(attempt, untold)

    def _is_told(self, cause: Cause) -> bool:
        return is_told_by(self._confirmed, (self._survey.region, cause))

    def _shrink(self, attempt: Attempt) -> Attempt:
        """Return an attempt with as few of the flags as show the same; every union of flags is asked otherwise."""
        flags = attempt.flags
        if all(self.finding.explains(flags, fault) or self._is_told(Cause(flags, fault)) for fault in attempt.faults):
            return attempt
        signs = {fault.sign for fault in attempt.faults}
        for flag in (*(1 << bit for bit in range(len(Undefine), 32)), *Undefine):
            if attempt.flags & flag:
                fewer = attempt.flags & ~flag
                smaller = self._asked(fewer, to_the_end=attempt.to_the_end, singly=attempt.singly)
                if signs <= {fault.sign for fault in smaller.faults}:
                    attempt = smaller
        return attempt

    def _confirm(self, attempt: Attempt, causes: list[Cause]) -> None:
        """Ask again on a domain of its own, and once more where that does not show it; write the scripts."""
        self._progress()
        self._stand.set_up()
        anew = self._attempt(attempt.flags, to_the_end=attempt.to_the_end, singly=attempt.singly)
        unseen = self._write_scripts(causes, anew)
        if anew.answer != attempt.answer:
            self.finding.note_inconsistent(attempt.flags, attempt.words, anew.words)
        if unseen and self._stand.intact:
            again = self._attempt(attempt.flags, to_the_end=attempt.to_the_end, singly=attempt.singly, keep=True)
            self._write_scripts(unseen, again)

    def _write_scripts(self, causes: Iterable[Cause], attempt: Attempt) -> list[Cause]:
        """Write the scripts of the causes that an attempt has shown; return the others."""
        seen = {fault.sign: fault for fault in attempt.faults}
        unseen = []
        for cause in causes:
            if cause.fault.sign in seen:
                cause.reproducer = self._write(seen[cause.fault.sign], attempt.looks[cause.fault.sign])
                self._confirmed.append((self._survey.region, cause))
            else:
                unseen.append(cause)
        return unseen
