"""The step definitions: what the sentences of the features do."""

from __future__ import annotations

import importlib
from collections.abc import Iterable

import pytest

MODULES = (
    "given", "when", "then_calls", "then_domain", "then_holdings", "then_storage", "then_events", "then_driver",
    "together",
    "restart",
    "denied",
)  # fmt: skip


def register(config: pytest.Config, marks: Iterable[str]) -> None:
    """Give pytest the step definitions, and the marks by which scenarios can be selected."""
    for name in MODULES:
        config.pluginmanager.register(importlib.import_module(f"{__name__}.{name}"), f"libvirt-conformance-{name}")
    for mark in marks:
        config.addinivalue_line("markers", f"{mark}: a rule of the specification, or a capability")
