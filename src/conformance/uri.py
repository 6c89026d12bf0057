"""Connection URIs: what the kit has to see in one, and how one is shown without its secrets."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from conformance.errors import BadUri

DEFAULT_URI = "test:///default"
# By hand and not by urlsplit: a malformed URI holds secrets too, and is shown in the error that says so.
_USER = re.compile(r"(?P<before>(?:/{1,3}|:)[^/?#@:]*:)(?P<secret>.*)(?P<after>@)", re.DOTALL)
_PARAMETER = re.compile(
    r"(?P<before>[?&;][^=&;#]*(?:password|passwd|passphrase|secret|token|pw)[^=&;#]*=)(?P<secret>[^&;#]*)(?P<after>)",
    re.IGNORECASE,
)
#: From so many characters on a secret is taken out wherever it stands.
_LONG = 4
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9]*(\+[A-Za-z0-9]+)?:")


def check_uri(uri: str) -> None:
    """Refuse what libvirt would take for something else: an empty URI leads to a driver of its own choice.

    :raises BadUri: when the text has not the form of a URI.
    """
    shown = redact(uri)
    if not uri.strip():
        raise BadUri("the URI is empty", remedy=f"give one, for example {DEFAULT_URI}")
    if not _SCHEME.match(uri):
        raise BadUri("the URI has no scheme", where=shown, remedy=f"write it like {DEFAULT_URI} or qemu:///system")
    if any(character.isspace() or not character.isprintable() for character in uri):
        raise BadUri("the URI holds white space or a control character", where=repr(shown)[1:-1])
    try:
        _ = urlsplit(uri).port
    except ValueError as error:
        raise BadUri(f"the URI is malformed ({scrub(str(error), uri)})", where=shown) from None


def secrets_in(uri: str) -> tuple[str, ...]:
    """Return the texts in a URI that must never be shown, the longest first."""
    found = [match["secret"] for pattern in (_USER, _PARAMETER) for match in pattern.finditer(uri)]
    return tuple(sorted({text for text in found if text}, key=len, reverse=True))


def redact(uri: str) -> str:
    """Return a URI that can be shown: every password in it as ``***``."""
    for pattern in (_USER, _PARAMETER):
        uri = pattern.sub(lambda match: f"{match['before']}***{match['after']}", uri)
    return uri


# Every word that a driver says is scrubbed.
_shown = lru_cache(maxsize=16)(redact)
_secrets = lru_cache(maxsize=16)(secrets_in)


def scrub(text: str, uri: str) -> str:
    """Return a text, such as a driver's message, without the secrets of a URI, as written or decoded."""
    text = text.replace(uri, _shown(uri))
    for secret in _secrets(uri):
        for form in sorted({secret, unquote(secret), quote(unquote(secret), safe="")}, key=len, reverse=True):
            if len(form) >= _LONG:
                text = text.replace(form, "***")
            else:
                # A secret of a letter or two stands in half of all words: only where it stands alone is it one.
                text = re.sub(rf"(?<!\w){re.escape(form)}(?!\w)", "***", text)
    return text


def is_local(uri: str) -> bool:
    """Tell whether a URI leads to this machine, so that files named to the driver can be seen here."""
    try:
        return urlsplit(uri).hostname in (None, "localhost", "127.0.0.1", "::1")
    except ValueError:
        return False


def embeds(uri: str) -> bool:
    """Tell whether a URI asks for a driver inside this process."""
    return urlsplit(uri).path == "/embed"


def in_process(uri: str) -> bool:
    """Tell whether the driver that a URI asks for lives in its client's process, and ends with it."""
    return embeds(uri) or urlsplit(uri).scheme == "test"


def embeds_without_root(uri: str) -> bool:
    """Tell whether a URI asks for a driver inside this process and names no root directory for it."""
    return embeds(uri) and not root_of(uri)


def root_of(uri: str) -> str:
    """Return the root directory that a URI names for an embedded driver, or an empty text."""
    return dict(parse_qsl(urlsplit(uri).query)).get("root", "") if embeds(uri) else ""


def with_root(uri: str, root: str) -> str:
    """Return an embedded driver's URI with its root directory."""
    return f"{uri}{'&' if '?' in uri else '?'}root={root}"
