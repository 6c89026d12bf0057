"""What a worker says of a scenario where pytest's own words on each of its phases would go to nobody."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from _pytest.runner import runtestprotocol


class Brief:
    """The plugin of a worker that says one thing of each scenario: what it came to.

    pytest says that a test begins, how its set-up, its call and its tear-down went, and that it has ended. Each of
    these would wake up the controlling process, whose command shows outcomes alone.
    """

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        """Run the phases without a word on each."""
        runtestprotocol(item, log=False, nextitem=nextitem)
        return True

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Say at once how the steps went, and of what surrounds them, what went wrong."""
        report = yield
        if report.when == "call" or not report.passed:
            item.ihook.pytest_runtest_logreport(report=report)
        return report
