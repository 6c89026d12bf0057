"""The pytest plugin of a process that puts regions of the decision table to a driver, beside its scenarios."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from conformance.cell import Fault
from conformance.driver.setbacks import ConnectionLost
from conformance.driver.surveyor import Surveyor
from conformance.errors import KitError
from conformance.judgement import Look, Violation
from conformance.smallest import Shown
from conformance.suite.worker import Worker
from conformance.survey import Finding, call_words
from conformance.table import surveys_of
from conformance.verdict import Verdict


class Convicted(Exception):
    """A region of the table is not as it has to be, or could not be judged; what was found is in the report."""


class Surveys:
    """Judges regions, with the session, the clock and the clean-up of the process's scenarios."""

    def __init__(self, setup: Mapping[str, Any], worker: Worker) -> None:
        self._worker = worker
        self._surveys = surveys_of(setup["table"])
        self._counted = setup["table"]["rules"]
        self._confirmed: list[Shown] = []

    @pytest.fixture
    def judge_region(self) -> Iterator[Callable[[str], None]]:
        """Give a test the judgement of a region, and take away afterwards what that has made."""
        yield self._judge
        self._worker.sessions.clean_up()

    def _judge(self, survey: str) -> None:
        """Put a region to the driver.

        :raises Convicted: when the driver does something else than the table says, or cannot be judged.
        """
        sessions = self._worker.sessions
        session = sessions.take(restarts=False)
        asked, extend = self._surveys[survey], self._worker.extend
        surveyor = Surveyor(session, sessions.knowledge, asked, self._counted, self._write, extend, self._confirmed)
        problem = ""
        try:
            surveyor.run()
        except ConnectionLost as error:
            problem = str(error)
            sessions.drop()
        except KitError as error:
            problem = str(error)
            if not session.is_alive():
                sessions.drop()
        except Exception as error:
            problem = f"a fault of the kit: {type(error).__name__}: {error}"
        finding = surveyor.finding
        outcome = Verdict.INCONCLUSIVE if problem else Verdict.VIOLATED if finding.causes else Verdict.UPHELD
        message = problem or _message(finding)
        self._worker.keep({"outcome": outcome.value, "message": message, "finding": finding.as_json()})
        if outcome is not Verdict.UPHELD:
            raise Convicted(message)

    def _write(self, fault: Fault, looks: tuple[Look, ...]) -> str:
        return self._worker.reproducer(Violation(fault.expected, fault.observed, looks), fault.rule)


def _message(finding: Finding) -> str:
    return "; ".join(
        f"{cause.fault.rule}: {call_words(cause.flags)}: {cause.fault.observed}" for cause in finding.causes
    )
