"""The step definitions: what the sentences of the features do."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable

import pytest

#: Every module of this folder: a new one needs to be named nowhere.
MODULES = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def register(config: pytest.Config, marks: Iterable[str]) -> None:
    """Give pytest the step definitions, and the marks by which scenarios can be selected."""
    for name in MODULES:
        config.pluginmanager.register(importlib.import_module(f"{__name__}.{name}"), f"libvirt-conformance-{name}")
    for mark in marks:
        config.addinivalue_line("markers", f"{mark}: a rule of the specification, or a capability")
