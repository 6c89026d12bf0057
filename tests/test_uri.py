"""Connection URIs: what is refused, what is seen in one, and how one is shown without its secrets."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from conformance.errors import BadUri
from conformance.uri import (
    check_uri,
    embeds,
    embeds_without_root,
    is_local,
    redact,
    scrub,
    secrets_in,
    with_root,
)

#: A text that nothing in the rest of a URI holds, so that what is found of it was the password.
MARK = "S3cr3t"
PASSWORDS = st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), max_size=8)
SECRET_NAMES = st.sampled_from(["password", "PASSWORD", "passwd", "pw", "secret", "api_token", "passphrase", "db-pw"])
TAILS = st.sampled_from(["", "/", "/system", "/system?no_verify=1", "?x=1", "/system#top", "/system?a=b@c"])


@given(
    PASSWORDS, PASSWORDS, TAILS, st.sampled_from(["qemu+ssh://", "QEMU+TLS://", "esx://", "vpx+x://", "//", "a:b://"])
)
def test_no_password_of_a_user_survives(before: str, after: str, tail: str, scheme: str) -> None:
    """Whatever characters a user's password holds, well formed or not, it is not shown."""
    assert MARK not in redact(f"{scheme}user:{before}{MARK}{after}@host{tail}")


@pytest.mark.parametrize("slashes", ["", "/", "///"])
def test_no_password_survives_a_slip_in_the_slashes(slashes: str) -> None:
    """A URI that leads nowhere is shown in the error that says so, and its password is not."""
    assert MARK not in redact(f"qemu+ssh:{slashes}user:{MARK}@host/system")


@given(SECRET_NAMES, PASSWORDS, st.sampled_from(["?{}", "?x=1&{}", "?x=1;{}", "?{}&x=1", "?{}#top"]))
def test_no_secret_in_the_query_survives(name: str, secret: str, query: str) -> None:
    """A parameter that is named like a secret is not shown, wherever in the query it stands."""
    assume(not set(secret) & set("&;#"))
    assert MARK not in redact("test:///default" + query.format(f"{name}={secret}{MARK}"))


@given(PASSWORDS)
@example("p@ss")
def test_no_secret_survives_in_a_message(secret: str) -> None:
    """A driver's message may repeat the password as it was written, or decoded: both are taken out."""
    password = secret + MARK
    uri = f"qemu+ssh://user:{quote(password, safe='')}@host/system"
    for form in (quote(password, safe=""), password):
        assert MARK not in scrub(f"ssh: user:{form}@host: Permission denied", uri)


@pytest.mark.parametrize(
    "uri",
    [
        "test:///default",
        "qemu:///system",
        "qemu+ssh://user@host:2222/system?keyfile=/home/me/key&no_verify=1",
        "qemu+tls://[::1]:16514/system",
        "qemu:///embed?root=/tmp/lvc-1",
        "esx://root@host/?no_verify=1",
    ],
)
def test_a_uri_without_secrets_is_shown_as_it_is(uri: str) -> None:
    """Nothing is taken for a secret that is none."""
    assert redact(uri) == uri
    assert secrets_in(uri) == []
    assert scrub("nothing of it", uri) == "nothing of it"


@pytest.mark.parametrize("secret", ["hush", "s", "e", "me", "/", "*"])
def test_the_rest_of_a_uri_is_still_readable(secret: str) -> None:
    """Only the secrets are gone, however short they are: a person knows the URI again."""
    uri = f"qemu+ssh://me:{secret}@host:22/system?token={secret}&x=1"
    assert redact(uri) == "qemu+ssh://me:***@host:22/system?token=***&x=1"


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("", "empty"),
        (" ", "empty"),
        ("default", "no scheme"),
        ("/default", "no scheme"),
        ("//host/system", "no scheme"),
        ("1qemu:///system", "no scheme"),
        ("qemu+:///system", "no scheme"),
        ("test:///def ault", "white space"),
        ("test:///default\n", "white space"),
        ("test:///\x1b[2Jdefault", "control character"),
        ("qemu+tls://[::1/system", "malformed"),
        ("qemu+tls://host:port/system", "malformed"),
        ("qemu+tls://host:99999/system", "malformed"),
    ],
    ids=repr,
)
def test_what_is_no_uri_is_refused(uri: str, words: str) -> None:
    """Text that libvirt would take for something else is refused, in one line without control characters."""
    with pytest.raises(BadUri) as error:
        check_uri(uri)
    assert words in str(error.value)
    assert str(error.value).isprintable()


@given(st.text(), st.text())
def test_no_refusal_shows_a_password(before: str, after: str) -> None:
    """Whatever is wrong with a URI, the error that says so does not hold its password."""
    try:
        check_uri(f"{before}://user:{MARK}@{after}")
    except BadUri as error:
        assert MARK not in str(error)  # noqa: PT017 - most texts are refused, and some are URIs


@pytest.mark.parametrize(
    "uri",
    [
        "test:///default",
        "qemu:///system",
        "qemu:///embed?root=/x",
        "bhyve:///system",
        "xen+ssh://host/",
        "test:///a.xml",
    ],
)
def test_a_uri_is_taken(uri: str) -> None:
    """The forms that libvirt knows are not refused."""
    check_uri(uri)


@pytest.mark.parametrize(
    ("uri", "local", "embedded", "rootless"),
    [
        ("qemu:///system", True, False, False),
        ("qemu+unix://localhost/system", True, False, False),
        ("qemu+tcp://[::1]/system", True, False, False),
        ("qemu+ssh://host/system", False, False, False),
        ("qemu:///embed", True, True, True),
        ("qemu:///embed?root=/x", True, True, False),
        ("qemu:///embedded", True, False, False),
    ],
)
def test_what_a_uri_leads_to_is_seen(uri: str, local: bool, embedded: bool, rootless: bool) -> None:
    """Whether files can be seen from here, and whether a private root is wanted, is read off the URI."""
    assert (is_local(uri), embeds(uri), embeds_without_root(uri)) == (local, embedded, rootless)


def test_a_root_is_added_to_what_is_there() -> None:
    """A private root keeps the parameters that the caller gave."""
    assert with_root("qemu:///embed", "/x") == "qemu:///embed?root=/x"
    assert with_root("qemu:///embed?a=b", "/x") == "qemu:///embed?a=b&root=/x"
