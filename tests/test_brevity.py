"""What a worker says of a scenario to the command's own run: one thing, and at once."""

from __future__ import annotations

import pytest

from conformance.suite.brevity import Brief

pytest_plugins = ["pytester"]


@pytest.fixture
def setting(pytester: pytest.Pytester) -> pytest.Pytester:
    """Give a folder with a test each of whose phases can fail."""
    pytester.makepyfile(
        """
        import os, pytest

        def phase(name):
            if os.environ.get("FAILS") == name:
                raise ValueError(name)
            if os.environ.get("SKIPS") == name:
                pytest.skip(name)

        @pytest.fixture
        def surroundings():
            phase("setup")
            yield
            phase("teardown")

        def test_it(surroundings):
            phase("call")
        """
    )
    return pytester


@pytest.mark.parametrize(
    ("does", "said"),
    [
        ({}, [("call", "passed")]),
        ({"FAILS": "setup"}, [("setup", "failed")]),
        ({"SKIPS": "setup"}, [("setup", "skipped")]),
        ({"FAILS": "call"}, [("call", "failed")]),
        ({"SKIPS": "call"}, [("call", "skipped")]),
        ({"FAILS": "teardown"}, [("call", "passed"), ("teardown", "failed")]),
    ],
    ids=str,
)
def test_each_scenario_is_told_once(
    setting: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, does: dict[str, str], said: list[tuple[str, str]]
) -> None:
    """Around its steps only what went wrong is told."""
    for name, value in does.items():
        monkeypatch.setenv(name, value)
    seen = setting.inline_run(plugins=[Brief()])
    assert [(report.when, report.outcome) for report in seen.getreports("pytest_runtest_logreport")] == said
    assert seen.getcalls("pytest_runtest_logstart") == seen.getcalls("pytest_runtest_logfinish") == []


def test_what_the_steps_came_to_is_told_before_anything_else_is_done(setting: pytest.Pytester) -> None:
    """A process that is lost in what follows has said it."""
    seen = setting.inline_run(plugins=[Brief()])
    names = [call._name for call in seen.calls]
    assert names.index("pytest_runtest_logreport") < names.index("pytest_runtest_teardown")
