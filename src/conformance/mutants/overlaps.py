"""Why a vice is convicted by rules that it is not meant for: rules share what they demand of a domain."""

from __future__ import annotations

from collections.abc import Iterable


def because(reason: str, *rules: str, but: Iterable[str] = ()) -> dict[str, str]:
    """Return overlaps that have one reason."""
    return {rule: reason for rule in rules if rule not in but}


def gone(*but: str) -> dict[str, str]:
    """Return the rules whose scenarios end with an inactive domain that has to be gone."""
    reason = "a scenario of its undefines an inactive domain too, and demands that it be gone"
    rules = ("UNDEF-008", "UNDEF-011", "UNDEF-013", "UNDEF-016", "UNDEF-017", "UNDEF-020", "UNDEF-026", "UNDEF-035")
    return because(reason, *rules, but=but)


def halted(*but: str) -> dict[str, str]:
    """Return the rules whose scenarios end with a transient remainder that has stopped and has to be gone."""
    reason = "a scenario of its stops a transient remainder too, and demands that it be gone"
    return because(reason, "UNDEF-018", "UNDEF-035", but=but)


def transient(*but: str) -> dict[str, str]:
    """Return the rules whose scenarios end with an active domain that has to be transient."""
    reason = "a scenario of its undefines an active domain too, and demands that it be transient"
    return because(reason, "UNDEF-004", "UNDEF-013", "UNDEF-016", "UNDEF-018", "UNDEF-020", but=but)


def guest_untouched(*but: str) -> dict[str, str]:
    """Return the rules whose scenarios undefine a guest that has to be as it was."""
    reason = "a scenario of its undefines an active domain too, and demands that the guest be as it was"
    return because(reason, "UNDEF-004", "UNDEF-013", "UNDEF-018", "UNDEF-020", but=but)


def active_undefined(*but: str) -> dict[str, str]:
    """Return the rules whose scenarios need an active domain to be undefined with success."""
    reason = "a scenario of its undefines an active domain on its way, and demands that this succeed"
    rules = (
        "UNDEF-003", "UNDEF-004", "UNDEF-006", "UNDEF-009", "UNDEF-013", "UNDEF-016", "UNDEF-018", "UNDEF-020",
        "UNDEF-026", "UNDEF-029", "UNDEF-035",
    )  # fmt: skip
    return because(reason, *rules, but=but)


def refused(*but: str) -> dict[str, str]:
    """Return the rules whose scenarios have an image in the way: refused, with nothing changed."""
    reason = "its scenarios demand too that undefine be refused for the image and change nothing"
    return because(reason, "UNDEF-011", "UNDEF-014", "UNDEF-028", "UNDEF-036", but=but)
