"""What can keep a scenario from being judged, and says nothing about the driver's rules."""

from __future__ import annotations


class NotReached(Exception):
    """A situation could not be set up, although the driver claims what it takes."""


class ConnectionLost(Exception):
    """The connection to the driver is gone, and with it whatever a scenario could have shown."""
