"""Access control inside a capsule: a daemon that asks polkit, and a user who may look and do nothing else."""

from __future__ import annotations

import json

#: Who may look and do nothing else; root may do everything.
LOOKER = "nobody"
#: What looking takes: actions of libvirt's, by their names behind ``org.libvirt.api.``.
_LOOKING = ("connect.getattr", "connect.read", "connect.search-domains", "domain.getattr", "domain.read")
#: Lines of the daemon's configuration.
SETTINGS = """\
unix_sock_rw_perms = "0777"
auth_unix_rw = "none"
access_drivers = [ "polkit" ]
"""
_RULES = """\
polkit.addRule(function(action, subject) {{
    var may = {may};
    if (action.id.indexOf("org.libvirt.api.") != 0) return polkit.Result.NOT_HANDLED;
    if (subject.user == "root") return polkit.Result.YES;
    return may.indexOf(action.id.substring(16)) >= 0 ? polkit.Result.YES : polkit.Result.NO;
}});
"""
#: The same for a polkit that does not know rules as programs yet.
_AUTHORITY = """\
[root]
Identity=unix-user:root
Action=org.libvirt.api.*
ResultAny=yes

[everybody]
Identity=unix-user:{looker}
Action=org.libvirt.api.*
ResultAny=no

[looking]
Identity=unix-user:{looker}
Action={may}
ResultAny=yes
"""


def files() -> dict[str, str]:
    """Return the settings of polkit, by their places; a polkit reads the one form it knows."""
    actions = ";".join(f"org.libvirt.api.{name}" for name in _LOOKING)
    return {
        "/etc/polkit-1/rules.d/10-lab.rules": _RULES.format(may=json.dumps(_LOOKING)),
        "/etc/polkit-1/localauthority/50-local.d/lab.pkla": _AUTHORITY.format(looker=LOOKER, may=actions),
    }
