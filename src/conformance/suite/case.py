"""One scenario under way: its domains, the calls that it made, and what they changed.

A When keeps what a call returned or raised; only a Then judges. Calls that one When makes form a *group*:
a refusal that is tried again with every other flag is one group of many attempts, and each is judged.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from conformance.driver.build import Subject, build
from conformance.driver.events import Recording
from conformance.driver.handle import Handle
from conformance.driver.knowledge import Knowledge
from conformance.driver.observe import ask, observe
from conformance.driver.session import Session
from conformance.driver.setbacks import ConnectionLost, NotReached
from conformance.journal import Outcome
from conformance.judgement import Look, Violation, look_at
from conformance.ledger import Owned
from conformance.situations import Situation, situation
from conformance.view import BY_NAME, Answer, View, differences, show


@dataclass
class Attempt:
    """One call of a When: as the feature says it, what came back, and what the domain looked like afterwards."""

    label: str
    outcome: Outcome
    after: View | None = None


@dataclass
class Group:
    """The attempts of one When, and what the domain looked like before the first.

    :param heard: how many events of the domain each recording connection had been told by then.
    """

    before: View
    heard: tuple[int, ...] = ()
    attempts: list[Attempt] = field(default_factory=list)


class Case:
    """What the steps of one scenario share."""

    def __init__(self, session: Session, knowledge: Knowledge, *, watches_events: bool) -> None:
        self.session = session
        self.knowledge = knowledge
        self.watches_events = watches_events and "events" in knowledge.capabilities
        self.groups: list[Group] = []
        self.recordings: list[Recording] = []
        self.second: Handle | None = None
        self.second_domain: Handle | None = None
        self.readonly: Handle | None = None
        self.readonly_domain: Handle | None = None
        self.twins: list[Subject] = []
        #: What a driver chose where the specification leaves the choice open, as clauses.
        self.choices: list[str] = []
        #: What calls that were made again and again came to, for the report.
        self.counted: list[str] = []
        self._subject: Subject | None = None
        self._other: Subject | None = None
        self._handle: Handle | None = None
        self._callbacks: list[tuple[Handle, int]] = []

    @property
    def subject(self) -> Subject:
        """The domain that the scenario is about."""
        if self._subject is None:
            raise NotReached("the scenario names no domain yet")
        return self._subject

    @property
    def other(self) -> Subject:
        """The other domain of the scenario."""
        if self._other is None:
            raise NotReached("the scenario names no other domain yet")
        return self._other

    @property
    def handle(self) -> Handle:
        """The handle by which the client reaches the domain: the old one until it is defined again."""
        return self._handle or self.subject.handle

    # Given

    def set_up(self, words: str) -> Subject:
        """Bring the scenario's domain into a situation."""
        self._subject = build(self.session, situation(words), self.knowledge)
        return self._subject

    def set_up_twins(self, words: str) -> None:
        """Bring two domains into one situation."""
        self.twins = [build(self.session, situation(words), self.knowledge) for _ in range(2)]
        self._subject = self.twins[0]

    def set_up_other(self, *, name: str = "") -> None:
        """Define another, inactive domain, under a name of the kit's or a new one."""
        self._other = build(self.session, Situation(), self.knowledge, name=name)

    def record(self, connection: Handle) -> None:
        """Record lifecycle events on a connection."""
        self.recordings.append(self.session.record(connection))

    # When

    def group(self) -> Group:
        """Begin the calls of a When."""
        if self.watches_events:
            if not self.recordings:
                self.record(self.session.connection)
            self.session.fence(self.recordings)
            if not self.groups:
                for recording in self.recordings:
                    recording.forget()
        heard = tuple(len(recording.of(self.subject.owned.uuid)) for recording in self.recordings)
        self.session.journal.keep_attempt()
        before = self.groups[-1].attempts[-1].after if self.groups and self.groups[-1].attempts else None
        if before is None:
            before = self.look() if self.groups else self.subject.view
        self.groups.append(Group(before, heard))
        return self.groups[-1]

    def attempt(self, group: Group, label: str, receiver: Handle, method: str, *args: object) -> Outcome:
        """Make one call and keep what came back.

        :raises ConnectionLost: when the call took the connection with it.
        """
        outcome = receiver.call(method, *args)
        if self.session.lost(outcome.failure):
            raise ConnectionLost(f"the connection was lost in {label}: {outcome.failure}")
        if outcome.ok and method == "domainEventRegisterAny":
            self._callbacks.append((receiver, outcome.value))
        if outcome.ok and method == "rename":
            # Whoever asks by name from now on asks by the new one; the handle may go on giving the old.
            self.subject.owned = replace(self.subject.owned, name=str(args[0]))
        group.attempts.append(Attempt(label, outcome))
        return outcome

    def end_registrations(self) -> None:
        """End what the scenario has registered: the connection lives on, and takes no callback twice."""
        while self._callbacks:
            connection, number = self._callbacks.pop()
            connection.look("domainEventDeregisterAny", number)

    def settled(self, group: Group) -> bool:
        """Tell whether the last attempt was refused and left everything as it was, so that another can follow."""
        last = group.attempts[-1]
        if last.outcome.ok:
            return False
        if self.subject.situation.state != "vanished":
            last.after = self.look()
            if differences(group.before, last.after):
                return False
        return True

    def define_again(self) -> Outcome:
        """Define the domain under its name and UUID; the client goes on with the new handle."""
        group = self.group()
        outcome = self.attempt(group, "defineXML", self.session.connection, "defineXML", self.subject.xml)
        if outcome.ok:
            self._handle = outcome.value
        return outcome

    def look_up_again(self) -> Outcome:
        """Look the domain up by its UUID; the client goes on with the handle that it gets."""
        group = self.group()
        uuid = self.subject.owned.uuid
        outcome = self.attempt(group, "lookupByUUIDString", self.session.connection, "lookupByUUIDString", uuid)
        if outcome.ok:
            self._handle = outcome.value
        return outcome

    def define_other(self) -> Outcome:
        """Define another domain under the name of the first."""
        owned = self.session.new_identity(self.subject.owned.name)
        xml = self.session.definition(owned)
        group = self.group()
        outcome = self.attempt(group, "defineXML", self.session.connection, "defineXML", xml)
        if outcome.ok:
            self._other = Subject(owned, outcome.value, Situation(), xml)
        return outcome

    # Then

    def look(self, subject: Subject | None = None) -> View:
        """Return everything that the driver shows about a domain now."""
        subject = subject or self.subject
        handle = self.handle if subject is self._subject else subject.handle
        return observe(self.session.connection, handle, self.knowledge.capabilities, self.session.host)

    def ask(self, name: str, subject: Subject | None = None, connection: Handle | None = None) -> Answer | None:
        """Return the answer to one question, or nothing where the driver cannot be asked."""
        subject = subject or self.subject
        aspect = BY_NAME[name]
        if aspect.needs is not None and aspect.needs not in self.knowledge.capabilities:
            return None
        handle = self.handle if subject is self._subject else subject.handle
        session, owned = self.session, subject.owned
        return ask(connection or session.connection, handle, session.host, aspect, owned.uuid, owned.name)

    def question(self, name: str, subject: Subject | None = None, *, conn: str = "conn") -> Look:
        """Return a question as the reproducer asks it."""
        subject = subject or self.subject
        handle = self.handle if subject is self._subject else subject.handle
        return look_at(BY_NAME[name], uuid=subject.owned.uuid, name=subject.owned.name, dom=handle.symbol, conn=conn)

    def demand(self, name: str, wanted: Answer, subject: Subject | None = None) -> None:
        """Convict unless a question has the wanted answer; a question that cannot be asked convicts nobody.

        :raises Violation: when the answer is another.
        """
        answer = self.ask(name, subject)
        if answer is None:
            return
        if isinstance(answer, tuple) and isinstance(wanted, str):
            answer = answer[0]
        if answer != wanted:
            raise Violation(f"{name} is {show(wanted)}", f"{name} is {show(answer)}", (self.question(name, subject),))

    def events_of_domain(self, owned: Owned) -> Iterable[tuple[Recording, list[str]]]:
        """Return what each recording connection was told about a domain, complete up to now."""
        self.session.fence(self.recordings)
        return [(recording, [str(event) for event in recording.of(owned.uuid)]) for recording in self.recordings]

    @property
    def last(self) -> Group:
        """The calls of the last When."""
        if not self.groups:
            raise NotReached("the scenario made no call yet")
        return self.groups[-1]
