"""Given: situations, each set up and seen to hold. What fails here is never a violation."""

from __future__ import annotations

from pytest_bdd import given, parsers

from conformance.driver.build import Subject, reached, undefine_with_all, verify
from conformance.driver.setbacks import NotReached
from conformance.situations import Situation
from conformance.suite.case import Case


@given(parsers.re(r"a domain that is (?P<words>.+)"))
def a_domain(case: Case, words: str) -> None:
    """Bring the scenario's domain into a situation."""
    case.set_up(words)


@given(parsers.re(r"a domain that was (?P<words>.+) and has been undefined"))
def a_former_domain(case: Case, words: str) -> None:
    """Bring the scenario's domain into a situation, then undefine it with whatever flags that takes."""
    subject = case.set_up(words)
    undefine_with_all(case.session, subject, case.knowledge)


@given(parsers.re(r"two domains, each of them (?P<words>.+)"))
def two_domains(case: Case, words: str) -> None:
    """Bring two domains into one situation."""
    case.set_up_twins(words)


@given("another domain of its name")
def another_of_its_name(case: Case) -> None:
    """Define another domain, with the name of the first."""
    case.set_up_other(name=case.subject.owned.name)


@given("another domain of another name")
def another_of_another_name(case: Case) -> None:
    """Define another domain."""
    case.set_up_other()


@given("it has been defined again")
def defined_again(case: Case) -> None:
    """Define the domain again under its name and UUID; the client keeps its old handle."""
    again = reached("defining it again", case.session.connection.call("defineXML", case.subject.xml))
    # Seen through the new handle: what the old one reaches is for the scenario to judge.
    anew = Subject(case.subject.owned, again.value, Situation(), case.subject.xml)
    verify(case.session, anew, case.knowledge)


@given("it has been undefined")
def undefined(case: Case) -> None:
    """Undefine the domain."""
    reached("undefining it", case.subject.handle.call("undefine"))
    case.subject.situation = Situation("vanished")
    verify(case.session, case.subject, case.knowledge)


@given("a second connection that has found it")
def second_connection(case: Case) -> None:
    """Open a second connection and look the domain up there."""
    connection = case.session.connect_extra()
    found = reached("looking the domain up", connection.call("lookupByUUIDString", case.subject.owned.uuid))
    case.second, case.second_domain = connection, found.value


@given("a read-only connection that has found it")
def read_only_connection(case: Case) -> None:
    """Open a read-only connection and look the domain up there."""
    connection = case.session.connect_extra(read_only=True)
    found = reached("looking the domain up", connection.call("lookupByUUIDString", case.subject.owned.uuid))
    case.readonly, case.readonly_domain = connection, found.value


@given("a connection that records its events")
def one_recording(case: Case) -> None:
    """Record events on the connection of the client."""
    case.record(case.session.connection)


@given("two connections that record its events")
def two_recordings(case: Case) -> None:
    """Record events on the connection of the client and on another."""
    case.record(case.session.connection)
    case.record(case.session.connect_extra())


@given("the file is cut off in the middle")
def cut_off(case: Case) -> None:
    """Shorten the file that the domain was saved to."""
    file = case.subject.file
    if file is None:
        raise NotReached("the domain was not saved to a file")
    try:
        size = file.stat().st_size
        with file.open("r+b") as content:
            content.truncate(size // 2)
    except OSError as error:
        raise NotReached(f"the file cannot be changed from here ({error.strerror})") from None
