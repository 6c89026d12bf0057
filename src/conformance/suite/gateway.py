"""A worker from its first step: execnet tells it what it is to be.

The fork server imports this module, and with it what every worker needs, so no worker imports it once more.
"""

from __future__ import annotations

import sys

import pytest_bdd.plugin
import xdist.plugin
import xdist.remote

import conformance.suite.brevity
import conformance.suite.handover
import conformance.suite.lookup
import conformance.suite.plugin
import conformance.suite.surveys

# By this word in its description pytest knows a module whose assertions it is not to rewrite. It cannot rewrite what
# is imported already, and warns of it; none of these asserts anything about a driver.
for _module in (conformance, conformance.suite.plugin, pytest_bdd, pytest_bdd.plugin, xdist, xdist.plugin):
    _module.__doc__ = f"{_module.__doc__ or ''}\nPYTEST_DONT_REWRITE"


def main() -> None:
    """Do what execnet's worker does: carry out the line of code that comes first."""
    exec(eval(sys.stdin.readline()), {"__name__": "__main__"})  # noqa: S102, S307 - from the controlling process
