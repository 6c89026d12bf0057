"""Ways to a daemon beside its socket: TCP with SASL, TLS with a certificate authority of the lab's own, and SSH.

All end on the capsule's loopback, which nobody outside reaches. The secrets are made anew for each capsule, inside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_USER = "lab"
_SECRET = "/root/secret"  # noqa: S105 - a file's name
_PKI = "/etc/pki"


@dataclass(frozen=True)
class Transport:
    """A way to a daemon.

    :param host: the authority of its URIs; empty for the socket.
    :param commands: what is run inside before the daemon is started.
    :param settings: lines of the daemon's configuration.
    """

    name: str
    host: str = ""
    settings: str = ""
    files: dict[str, str] = field(default_factory=dict)
    commands: tuple[Sequence[str], ...] = ()

    @property
    def listens(self) -> bool:
        """Tell whether the daemon itself listens for it."""
        return bool(self.settings)

    def uri(self, local: str) -> str:
        """Return the URI of this transport for the driver of a local one."""
        if not self.host:
            return local
        scheme, path = urlsplit(local).scheme.partition("+")[0], urlsplit(local).path
        return f"{scheme}+{self.name}://{self.host}{path}"


#: The daemon's own socket, which is always there.
UNIX = Transport("unix")
_TCP = Transport(
    "tcp",
    f"{_USER}@127.0.0.1",
    'listen_tls = 0\nlisten_tcp = 1\nlisten_addr = "127.0.0.1"\nauth_tcp = "sasl"\n',
    # libvirt takes no mechanism for TCP that leaves the connection in the clear, and of the rest this one needs no
    # other server.
    files={"/etc/sasl2/libvirt.conf": "mech_list: digest-md5\nsasldb_path: /etc/libvirt/passwd.db\n"},
    commands=(
        ("sh", "-c", f"umask 077; openssl rand -hex 16 >{_SECRET}"),
        ("sh", "-c", f"saslpasswd2 -p -c -a libvirt -f /etc/libvirt/passwd.db {_USER} <{_SECRET}"),
        (
            *("sh", "-c"),
            "umask 077; mkdir -p /root/.config/libvirt; "
            f"printf '[credentials-lab]\\nauthname={_USER}\\npassword=%s\\n\\n"
            "[auth-libvirt-127.0.0.1]\\ncredentials=lab\\n'"
            f' "$(cat {_SECRET})" >/root/.config/libvirt/auth.conf',
        ),
    ),
)
_TLS = Transport(
    "tls",
    "localhost",
    'listen_tls = 1\nlisten_tcp = 0\nlisten_addr = "127.0.0.1"\nauth_tls = "none"\n',
    files={
        "/etc/pki/make": f"""#!/bin/sh
# A certificate authority, and a certificate each for the daemon and for its client, all forgotten with the capsule.
set -eu
umask 077
mkdir -p {_PKI}/CA/private {_PKI}/libvirt/private
cd {_PKI}
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=lab -keyout CA/private/cakey.pem -out CA/cacert.pem
for side in server client; do
  openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout libvirt/private/${{side}}key.pem -out $side.csr
  printf 'subjectAltName=DNS:localhost\\nextendedKeyUsage=%sAuth\\n' $side >$side.ext
  openssl x509 -req -in $side.csr -CA CA/cacert.pem -CAkey CA/private/cakey.pem -CAcreateserial -days 2 \\
    -extfile $side.ext -out libvirt/${{side}}cert.pem
done
""",
    },
    commands=(("/etc/pki/make",),),
)
_SSH = Transport(
    "ssh",
    "root@localhost",
    files={
        "/etc/ssh/sshd_config.d/lab.conf": "ListenAddress 127.0.0.1\nPermitRootLogin prohibit-password\n",
        "/root/.ssh/config": "Host localhost\n  StrictHostKeyChecking accept-new\n  BatchMode yes\n",
    },
    commands=(
        ("sh", "-c", "umask 077; ssh-keygen -q -A; ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519"),
        ("sh", "-c", "umask 077; cp /root/.ssh/id_ed25519.pub /root/.ssh/authorized_keys; chmod 700 /root/.ssh"),
        ("sh", "-c", "mkdir -p /run/sshd && exec /usr/sbin/sshd"),
    ),
)
TRANSPORTS = {transport.name: transport for transport in (UNIX, _TCP, _TLS, _SSH)}
