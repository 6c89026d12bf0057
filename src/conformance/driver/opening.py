"""Opening a connection, and saying why one could not be opened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import libvirt

from conformance.driver.handle import failure_of
from conformance.errors import BadUri, CannotConnect, KitError, NeedsPassword
from conformance.journal import Failure
from conformance.uri import embeds, redact, scrub

_AUTHENTICATION = ("AUTH_FAILED", "AUTH_CANCELLED", "AUTH_UNAVAILABLE")


def open_here(uri: str, *, read_only: bool) -> Any:
    """Open a connection in this process; credentials come from libvirt's auth.conf, and nobody is asked for any.

    :raises libvirtError: as libvirt does.
    """
    # Without a list of what could be asked for, libvirt does not read that file either.
    asked = [libvirt.VIR_CRED_AUTHNAME, libvirt.VIR_CRED_PASSPHRASE]
    return libvirt.openAuth(uri, [asked, _nobody_to_ask, None], libvirt.VIR_CONNECT_RO if read_only else 0)


def _nobody_to_ask(_credentials: list[Any], _data: None) -> int:
    return -1


def open_connection(uri: str, opener: Callable[..., Any], *, read_only: bool) -> Any:
    """Return an object of libvirt's for a connection.

    :param opener: opens it, in this process or in another.
    :raises KitError: a :class:`BadUri`, a :class:`NeedsPassword` or a :class:`CannotConnect`.
    """
    try:
        return opener(uri, read_only=read_only)
    except libvirt.libvirtError as error:
        raise open_error(failure_of(error), uri) from None


def open_error(failure: Failure, uri: str) -> KitError:
    """Return the error that says why a connection could not be opened, without the URI's secrets."""
    shown = redact(uri)
    message = scrub(failure.message, uri)
    if failure.name in _AUTHENTICATION or "authentication" in message:
        return NeedsPassword(f"the connection asks for credentials ({message})", where=shown)
    if failure.name in ("NO_CONNECT", "INVALID_ARG") or "parse URI" in message or "URI" in message:
        return BadUri(f"libvirt knows no driver for it ({message})", where=shown)
    return CannotConnect(
        f"the connection could not be opened ({failure.name}: {message})", where=shown, remedy=_remedy(uri)
    )


def _remedy(uri: str) -> str:
    """Return what to do about a URI that leads to no daemon; for all others the error itself says it."""
    if embeds(uri):
        return "check that libvirt's driver is installed here, and that nobody else has the root open"
    if uri.startswith("test:/"):
        return "check the file that the URI names; libvirt.org/drvtest.html shows its form"
    return ""
