"""Keeping a folder's own pytest configuration out of a run of the kit's."""

from __future__ import annotations

import pytest

#: Settings of pytest's that a run of the kit's has of its own.
_OWN = {"filterwarnings": ["error", "ignore::ResourceWarning"]}


def forget_configuration(config: pytest.Config, args: list[str]) -> None:
    """Make pytest forget the configuration file that it found, and the arguments that it took from there."""
    given = [str(arg) for arg in config.invocation_params.args]
    if args[-len(given) :] == given:
        del args[: len(args) - len(given)]
    for name in ("_inicfg", "inicfg"):
        # The attribute has one name in pytest 9.0 and the other since.
        if name in vars(config):
            vars(config)[name].clear()
    config._inicache.clear()
    for name, value in _OWN.items():
        config._inicache[name] = value
