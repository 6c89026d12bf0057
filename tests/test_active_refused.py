"""A driver that refuses to undefine active domains: it breaks the rule about that, and no other for it."""

from __future__ import annotations

from typing import Any

from conftest import Bench, Judged
from test_crashes import broken

# Flags and the rights of a connection come before the domain's state, as in every driver.
REFUSES = """
    class Refused(libvirt.libvirtError):
        get_error_code = lambda self: 55

    with_flags = libvirt.virDomain.undefineFlags

    def is_denied(domain):
        try:
            with_flags(domain, 1 << 30)
        except libvirt.libvirtError as error:
            return error.get_error_code() == libvirt.VIR_ERR_OPERATION_DENIED

    def refusing(call):
        def refuse(domain, *flags):
            if not sum(flags) & ~3 and not is_denied(domain) and domain.isActive():
                raise Refused("cannot undefine an active domain")
            return call(domain, *flags)
        return refuse

    for name in ("undefine", "undefineFlags"):
        setattr(libvirt.virDomain, name, refusing(getattr(libvirt.virDomain, name)))
"""


def violated(report: Any) -> set[str]:
    """Return the rules that are violated."""
    return {rule["id"] for rule in report["rules"] if rule["verdict"] == "violated"}


def test_one_refusal_breaks_one_rule(bench: Bench, judged: Judged) -> None:
    """What goes on from a success that never comes does not apply, and says which rule judges the refusal."""
    finished = bench.kit("run", "--report", "report.json", **broken(bench, REFUSES))
    report = bench.report()
    assert violated(report) - violated(judged.report) == {"UNDEF-002"}
    assert finished.code == 1
    (goes_on,) = [rule for rule in report["rules"] if rule["id"] == "UNDEF-003"]
    assert goes_on["verdict"] == "not-applicable"
    assert "undefine-active" in goes_on["requires"]
    assert "which UNDEF-002 judges" in " ".join(finished.out.split())
