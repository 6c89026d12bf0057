"""Then, of the driver: that it treats like alike, and that it lives."""

from __future__ import annotations

from pytest_bdd import then

from conformance.driver.setbacks import ConnectionLost
from conformance.judgement import Violation
from conformance.ledger import Owned
from conformance.suite.case import Case
from conformance.view import Answer, View, differences, show


@then("both fared alike")
def fared_alike(case: Case) -> None:
    """Judge that both calls ended in the same way and left the same behind."""
    first, second = case.last.attempts
    if first.outcome.code != second.outcome.code:
        raise Violation(
            f"{first.label} and {second.label} end in the same way",
            f"{first.label} ended with {first.outcome}, {second.label} with {second.outcome}",
        )
    older, newer = (_without_identity(case, case.look(twin), number) for number, twin in enumerate(case.twins))
    if found := differences(older, newer):
        raise Violation(
            f"{first.label} and {second.label} leave the same behind",
            "; ".join(f"{d.aspect}: {show(d.before)} and {show(d.after)}" for d in found),
            tuple(case.question(d.aspect, twin) for d in found for twin in case.twins),
        )


def _anonymous(answer: Answer, owned: Owned) -> Answer:
    if isinstance(answer, tuple):
        return tuple(part.replace(owned.name, "NAME").replace(owned.uuid, "UUID") for part in answer)
    return answer.replace(owned.name, "NAME").replace(owned.uuid, "UUID") if isinstance(answer, str) else answer


def _without_identity(case: Case, view: View, number: int) -> View:
    """Return a twin's view without what has to differ between two domains."""
    owned = case.twins[number].owned
    return View(
        {
            name: _anonymous(answer, owned)
            for name, answer in view.answers.items()
            if name not in ("id", "live definition")
        }
    )


@then("the driver answers on a fresh connection")
def driver_answers(case: Case) -> None:
    """Judge by opening a connection and listing the domains there.

    A daemon that ended and was started again answers too: that the old connection is gone gives it away,
    and leaves open who ended it.
    """
    if case.session.connection.look("isAlive").value != 1:
        raise ConnectionLost("the connection on which undefine was called is gone")
    if not case.session.is_alive():
        raise Violation(
            "the driver answers on a fresh connection", "no connection could be opened, or it lists nothing"
        )
