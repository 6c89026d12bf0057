"""The pytest plugin: ``pytest --pyargs conformance --libvirt-uri=URI``.

pytest loads this module in every run on a machine where the kit is installed, so it imports next to nothing
until a run is the kit's.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conformance.suite.controller import Controller

_SCENARIOS = Path(__file__).with_name("scenarios.py")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of a run."""
    group = parser.getgroup("libvirt-conformance")
    group.addoption("--libvirt-uri", metavar="URI", help="run the conformance kit on the driver behind this URI")
    group.addoption(
        "--libvirt-rule", metavar="ID", action="append", default=[], help="judge this rule only (repeatable)"
    )
    group.addoption("--libvirt-level", choices=["must", "should"], default="must", help="rules that fail the run")
    group.addoption("--libvirt-exhaustive", action="store_true", help="ask for the whole decision table")
    group.addoption("--libvirt-report", metavar="FILE", help="write report.json")
    group.addoption("--libvirt-deviations", metavar="FILE", help="the driver's recorded deviations")
    group.addoption("--libvirt-baseline", metavar="FILE", help="an earlier report: only what is worse fails")
    group.addoption("--libvirt-timeout", metavar="S", default="60", help="seconds for one scenario")
    group.addoption("--libvirt-virt-type", metavar="TYPE", default="", help="the domains' type, such as kvm or qemu")
    group.addoption("--libvirt-restart", metavar="COMMAND", help="a command that restarts the daemon behind the URI")
    group.addoption("--libvirt-denied-uri", metavar="URI", help="the same driver as somebody who may only look")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> None:
    """Keep the folder's own pytest configuration out of a run of the kit's: it is about other tests."""
    known = early_config.known_args_namespace
    if getattr(known, "libvirt_uri", None) is None:
        if known.libvirt_rule or known.libvirt_report or (known.pyargs and "conformance" in args):
            # pytest would say that it collected nothing, or stumble over what the folder's own tests lack.
            raise pytest.UsageError("no driver was named; give it by --libvirt-uri=URI, such as test:///default")
        return
    known.noconftest = True
    from conformance.suite.isolation import forget_configuration

    forget_configuration(early_config, args)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Begin a run when pytest was called with a URI; the command's own runs have begun already."""
    uri = config.option.libvirt_uri
    # A worker has the controlling process's options, and would begin a run of its own, with workers of its own.
    if uri is None or hasattr(config, "workerinput"):
        return None
    from conformance.suite.door import begin

    controller: Controller = begin(config)
    config.pluginmanager.register(controller, "libvirt-conformance-controller")
    code = controller.pytest_cmdline_main(config)
    if code is not None:
        controller.say_why()
    return code


def pytest_configure(config: pytest.Config) -> None:
    """Make a worker of this process when the controlling one says so."""
    given: dict[str, Any] = getattr(config, "workerinput", {})
    setup: dict[str, Any] | None = given.get("conformance")
    if setup is None:
        return
    # What other plugins of the controlling process have put there since this process's server was begun.
    for name, value in setup.get("environment", {}).items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    from conformance.suite.brevity import Brief
    from conformance.suite.collection import use_plan
    from conformance.suite.handover import take_over
    from conformance.suite.lookup import remember_definitions
    from conformance.suite.steps import register
    from conformance.suite.surveys import Surveys
    from conformance.suite.worker import Worker

    remember_definitions()
    use_plan(setup["plan"])
    take_over(Path(setup["folder"]))
    register(config, ["table", *setup["statements"], *(f"needs.{name}" for name in setup["capabilities"])])
    worker = Worker(setup, given["workerid"], guarded=True)
    config.pluginmanager.register(worker, "libvirt-conformance-worker")
    config.pluginmanager.register(Surveys(setup, worker), "libvirt-conformance-surveys")
    if setup.get("brief"):
        config.pluginmanager.register(Brief(), "libvirt-conformance-brief")
    # The path of a module, and no longer the name of a package that --pyargs was about.
    config.option.pyargs = False
    config.args = [str(_SCENARIOS)]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Bind the items to their scenarios."""
    if "workerinput" in vars(config) and "conformance" in vars(config)["workerinput"]:
        from conformance.suite.collection import bind

        items[:] = bind(items)


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_bdd_apply_tag(tag: str) -> bool | None:
    """Leave the kit's tags alone: a scenario's id and what it needs are in the plan."""
    return True if tag.startswith(("id.", "needs.")) or "conformance.suite.collection" in sys.modules else None
