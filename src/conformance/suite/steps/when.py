"""When: the calls. What they return or raise is kept; nothing is judged, and nothing is thrown through."""

from __future__ import annotations

from pytest_bdd import parsers, when

from conformance.driver.handle import Handle
from conformance.driver.setbacks import NotReached
from conformance.flags import describe_flags
from conformance.judgement import NotRefused
from conformance.suite.calls import Call, find_call, find_values
from conformance.suite.case import Case

OLD_HANDLE = " on the old handle"


@when(parsers.re(r"the client calls (?P<text>.+)"))
def client_calls(case: Case, text: str) -> None:
    """Make a call, with one set of flags or with many in turn."""
    make_calls(case, text, case.session.connection, case.handle)


def make_calls(case: Case, text: str, connection: Handle, domain: Handle) -> None:
    """Make the calls that a feature asks for in one line, and stop at the first that was not refused cleanly.

    :raises NotRefused: when the driver takes no flag that could be tried.
    """
    find = find_values(text)
    if find is None:
        name = text.removesuffix(OLD_HANDLE)
        _make(case, name, find_call(name), connection, domain)
        return
    values = list(find(case.knowledge.flags))
    if not values:
        raise NotRefused("the driver takes no other flag, so there is no mix of them to try")
    group = case.group()
    for value in values:
        case.session.journal.next_attempt()
        case.attempt(group, f"undefineFlags with {describe_flags(value)}", domain, "undefineFlags", value)
        if not case.settled(group):
            # The situation is no longer the one that was set up: a further call would be about something else.
            break


@when(parsers.re(r"the read-only client calls (?P<text>.+)"))
def read_only_client_calls(case: Case, text: str) -> None:
    """Make a call on the read-only connection."""
    if case.readonly is None or case.readonly_domain is None:
        raise NotReached("the scenario opened no read-only connection")
    _make(case, text, find_call(text), case.readonly, case.readonly_domain)


def _make(case: Case, text: str, call: Call, connection: Handle, domain: Handle) -> None:
    receiver = {"connection": connection, "domain": domain}.get(call.on) or _part(domain, call.on)
    case.attempt(case.group(), text, receiver, call.method, *call.args(case))


def _part(domain: Handle, kind: str) -> Handle:
    """Return the handle of the domain's snapshot or checkpoint."""
    found = domain.call(f"{kind}LookupByName", "kept", 0)
    if found.failure is not None:
        raise NotReached(f"the {kind} could not be looked up: {found.failure}")
    part: Handle = found.value
    return part


@when("the client defines it again")
def defines_again(case: Case) -> None:
    """Define the domain under its name and UUID."""
    case.define_again()


@when("the client defines another domain of its name")
def defines_another(case: Case) -> None:
    """Define a domain with the name of the first and a UUID of its own."""
    case.define_other()


@when("the client starts the other domain")
def starts_other(case: Case) -> None:
    """Start the other domain."""
    case.attempt(case.group(), "create", case.other.handle, "create")


@when("one is undefined by undefine and the other by undefineFlags with no flag")
def twins_undefined(case: Case) -> None:
    """Make the older call on one domain and the newer on the other."""
    group = case.group()
    first, second = case.twins
    case.attempt(group, "undefine", first.handle, "undefine")
    case.attempt(group, "undefineFlags with no flag", second.handle, "undefineFlags", 0)
