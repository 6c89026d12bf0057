"""A domain that is put back into its situation as often as a call has moved it, at the least cost.

A refusal moves nothing. A running domain that was undefined is defined again where it stands, which takes no start,
or only the one that a managed save image takes. An inactive one is defined again with the files that it had; what it
has lost of its metadata, and its image, are made again. Whatever does not come back so takes a new domain.
"""

from __future__ import annotations

from conformance.decision import Holding
from conformance.driver.build import Subject, build, reached, retake_metadata, verify
from conformance.driver.cleanup import remove
from conformance.driver.handle import Handle
from conformance.driver.kept_files import KeptFiles
from conformance.driver.knowledge import Knowledge
from conformance.driver.looker import Looker
from conformance.driver.session import Session
from conformance.driver.setbacks import ConnectionLost, NotReached
from conformance.journal import Failure, Journal
from conformance.judgement import Look, look_at
from conformance.regions import Region
from conformance.survey import call_words
from conformance.view import BY_NAME, View, differences, same


class Stand:
    """The domain of one region, the only one that stands at a time.

    :ivar before: what the driver showed of the domain when it was set up.
    :ivar intact: whether it is known to be as it was then.
    """

    def __init__(self, session: Session, knowledge: Knowledge, region: Region) -> None:
        self._session = session
        self._knowledge = knowledge
        self._region = region
        self._watches = "events" in knowledge.capabilities
        self._subject: Subject | None = None
        self._files = KeptFiles()
        self._remainder = False
        self._moved = False
        # Taking a domain away is the kit's own work: it goes past a broken driver, and into no script.
        self._own = Journal()
        self.before = View({})
        self.intact = False

    @property
    def subject(self) -> Subject:
        """The domain that stands now."""
        if self._subject is None:
            raise AssertionError("nothing was set up yet")
        return self._subject

    def set_up(self) -> None:
        """Take the domain away that stands now, and bring another into the region's situation.

        :raises NotReached: when that fails, or when the domain does not stay as it is by itself.
        """
        self.clear()
        if self._watches:
            # Before anything is made: what happens while nobody is registered can stay in libvirt's way.
            self._session.record(self._session.connection)
        journal = self._session.journal
        journal.forget()
        # A script begins here: its objects are numbered from the first.
        self._session.forget_names()
        journal.step = f"Given a domain that is {self._region.words}"
        self._subject = subject = build(self._session, self._region.situation, self._knowledge)
        self._looker = self._looker_of(subject.handle)
        # The state of a TPM that a guest goes on to use is not to be put back under it, and a domain that was removed
        # with its image takes no other.
        elsewhere = Holding.TPM if self._region.state.active else Holding.IMAGE
        kept = self._region.held - {elsewhere}
        self._files = KeptFiles.of(self._session.host, subject.owned, kept)
        self.before = self._looker.look()
        if moved := differences(subject.view, self.before):
            raise NotReached(f"nothing was called, and another look shows {'; '.join(map(str, moved))}")
        self.events()
        self.intact = True

    def clear(self) -> None:
        """Take away the domain that stands now, and its files."""
        subject, self._subject = self._subject, None
        self.intact = self._remainder = self._moved = False
        if subject is None:
            return
        connection = Handle(self._session.connection.raw, "conn", self._own)
        remove(connection, subject.owned, self._session.ledger.run)
        self._session.journal.seconds += self._own.seconds
        self._own.seconds = 0.0
        self._own.forget()
        self._session.made.remove(subject.owned)
        for name in [name for name in self._session.written if name.startswith(subject.owned.uuid)]:
            (self._session.files / name).unlink(missing_ok=True)
            self._session.written.remove(name)

    def ensure(self) -> None:
        """Make sure that the domain is as it was set up.

        :raises NotReached: when that cannot be had.
        """
        if self.intact or (self._remainder and self._take_back()) or (self._moved and self._bring_back()):
            return
        self.set_up()

    def _take_back(self) -> bool:
        """Define a transient remainder again; tell whether that brought everything back."""
        self._remainder = False
        defined = self._session.connection.call("defineXML", self.subject.xml)
        self._files.put_back()
        if not defined.ok:
            return False
        # A driver that goes on to count with an image that it has removed has it again.
        return self._is_back() or (Holding.IMAGE in self._region.held and self._save_again())

    def _bring_back(self) -> bool:
        """Give an inactive domain again what it has lost, itself first; tell whether that brought everything back."""
        self._moved = False
        session, subject = self._session, self.subject
        domain = subject.handle
        try:
            if session.connection.look("lookupByUUIDString", subject.owned.uuid).code == "NO_DOMAIN":
                reached("defining the domain again", session.connection.call("defineXML", subject.xml))
            self._files.put_back()
            retake_metadata(session, subject, self._knowledge)
            if subject.situation.image and domain.look("hasManagedSaveImage", 0).value == 0:
                reached("starting the domain", domain.call("create"))
                reached("taking a managed save image", domain.call("managedSave", 0))
            verify(session, subject, self._knowledge)
        except NotReached:
            return False
        # Why a domain is shut off is remembered of the one that was, not of the one that was defined again.
        return self._is_back(besides="state")

    def _is_back(self, besides: str = "") -> bool:
        """Tell whether the driver shows everything as it was, and take note of it.

        :param besides: what may be otherwise, and is from now on.
        """
        after = self._looker.look()
        self.intact = all(moved.aspect == besides for moved in differences(self.before, after))
        if self.intact:
            self.before = after
        self.events()
        return self.intact

    def _save_again(self) -> bool:
        """Give the domain an image again and a newer instance of its guest; tell whether that succeeded."""
        domain, situation = self.subject.handle, self.subject.situation
        if situation.state == "paused":
            domain.call("resume")
        domain.call("managedSave", 0)
        self._session.connection.call("createXML", self.subject.xml, 0)
        if situation.state == "paused":
            domain.call("suspend")
        try:
            # The guest is another one: only what makes the situation can be held against what was there.
            verify(self._session, self.subject, self._knowledge)
        except NotReached:
            return False
        self.before = self._looker.look()
        self.events()
        self.intact = True
        return True

    def ask(self, flags: int, *, keep: bool = False, singly: bool = False) -> tuple[Failure | None, View]:
        """Undefine with flags; return the error, or nothing, and what the driver shows then.

        :param keep: whether the journal keeps the attempt before.
        :param singly: whether each list is asked for by itself, whatever the driver has shown before.
        :raises ConnectionLost: when the call took the connection with it.
        """
        session, subject = self._session, self.subject
        if not keep:
            session.journal.next_attempt()
        session.journal.step = f"When the client calls {call_words(flags)}"
        failure = subject.handle.call("undefineFlags", flags).failure
        if failure is not None and session.lost(failure):
            raise ConnectionLost(f"the connection was lost in {call_words(flags)}: {failure}")
        self._remainder = failure is None and self._region.state.active and not self._region.state.transient
        return failure, self.look(singly=singly)

    def look(self, *, singly: bool = True) -> View:
        """Return what the driver shows now, and take note of whether that is what it showed when it was set up.

        :param singly: whether each list is asked for by itself, whatever the driver has shown before.
        """
        after = self._looker.look() if singly else self._looker.look_again(self.before)
        self.intact = _alike(self.before, after)
        self._moved = not self.intact and not self._region.state.active
        return after

    def events(self) -> list[str] | None:
        """Return what was told of the domain since this was last asked, complete; nothing where nothing is told.

        :raises NoAnswer: when an event that has to come does not.
        """
        if not self._watches:
            return None
        recording = self._session.recording
        self._session.fence([recording])
        told = [str(event) for event in recording.of(self.subject.owned.uuid)]
        recording.forget()
        return told

    def define_again(self) -> tuple[View, Handle]:
        """Define the domain, which is gone, under its name and UUID; return what the driver shows of the new one.

        :raises NotReached: when it is refused.
        """
        self._session.journal.step = "When the client defines it again"
        defined = self._session.connection.call("defineXML", self.subject.xml)
        if defined.failure is not None:
            raise NotReached(f"the domain was undefined, and defining it again failed with {defined.failure}")
        heir: Handle = defined.value
        return self._looker_of(heir).look(), heir

    def halt(self) -> View:
        """Stop the guest that undefine left running; return what the driver shows then.

        :raises NotReached: when it does not stop.
        """
        self._session.journal.step = "When the client calls destroy"
        halted = self.subject.handle.call("destroy")
        if halted.failure is not None:
            raise NotReached(f"the guest was to be stopped, and destroy failed with {halted.failure}")
        self._remainder = False
        return self._looker.look()

    def questions(self, aspects: tuple[str, ...], handle: Handle | None = None) -> tuple[Look, ...]:
        """Return questions about the domain as a script can ask them."""
        symbol = (handle or self.subject.handle).symbol
        owned = self.subject.owned
        return tuple(look_at(BY_NAME[name], uuid=owned.uuid, name=owned.name, dom=symbol) for name in aspects)

    def _looker_of(self, handle: Handle) -> Looker:
        session = self._session
        return Looker(session.connection, handle, self._knowledge.capabilities, session.host)


def _alike(before: View, after: View) -> bool:
    # Nearly always nothing differs at all, and that is seen at once.
    return before.answers == after.answers or all(same(before[name], after[name]) for name in before.answers)
