"""Lies: answers about a domain that are not what the driver holds."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from conformance.mutants.call import Call


def lie(
    call: Call,
    about: Collection[str],
    answers: Mapping[str, Any] | None = None,
    listed: Mapping[int, bool] | None = None,
) -> Any:
    """Make a call, and lie when it asks about certain domains.

    :param about: the domains' UUIDs.
    :param answers: by method, what is answered in place of the truth; an error stays one.
    :param listed: by the flag of listAllDomains, whether the domains are shown.
    """
    truth = call.go_on()
    if call.uuid in about and answers and call.method in answers:
        return answers[call.method]
    if call.method == "listAllDomains" and listed and call.args[0] in listed:
        shown = [domain for domain in truth if domain.UUIDString() not in about]
        return shown + ([d for d in map(call.look_up, about) if d] if listed[call.args[0]] else [])
    return truth


class Named:
    """Something of a domain's, such as a snapshot, of which a driver shows no more than the name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def getName(self) -> str:  # noqa: N802 - libvirt's name for it
        """Return the name."""
        return self._name
