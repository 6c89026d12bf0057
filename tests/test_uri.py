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
    in_process,
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
    ids=["test", "local", "ssh", "IPv6", "embedded", "esx"],
)
def test_a_uri_without_secrets_is_shown_as_it_is(uri: str) -> None:
    """Nothing is taken for a secret that is none."""
    assert redact(uri) == uri
    assert secrets_in(uri) == ()
    assert scrub("nothing of it", uri) == "nothing of it"


@pytest.mark.parametrize("secret", ["hush", "s", "e", "me", "/", "*"])
def test_the_rest_of_a_uri_is_still_readable(secret: str) -> None:
    """Only the secrets are gone, however short they are: a person knows the URI again."""
    uri = f"qemu+ssh://me:{secret}@host:22/system?token={secret}&x=1"
    assert redact(uri) == "qemu+ssh://me:***@host:22/system?token=***&x=1"


NO_SCHEME = "LVC-301 {}: the URI has no scheme; write it like test:///default or qemu:///system."
FORMS = "check the URI; libvirt.org/uri.html lists the forms."
MALFORMED = f"LVC-301 {{}}: the URI is malformed ({{}}); {FORMS}"
UNPRINTABLE = f"LVC-301 {{}}: the URI holds white space or a control character; {FORMS}"
REFUSED = {
    "nothing": ("", "LVC-301 the URI is empty; give one, for example test:///default."),
    "a blank": (" ", "LVC-301 the URI is empty; give one, for example test:///default."),
    "a word": ("default", NO_SCHEME.format("default")),
    "a path": ("/default", NO_SCHEME.format("/default")),
    "a host": ("//host/system", NO_SCHEME.format("//host/system")),
    "a digit first": ("1qemu:///system", NO_SCHEME.format("1qemu:///system")),
    "no transport": ("qemu+:///system", NO_SCHEME.format("qemu+:///system")),
    "a blank inside": ("test:///def ault", UNPRINTABLE.format("test:///def ault")),
    "a line end": ("test:///default\n", UNPRINTABLE.format("test:///default\\n")),
    "an escape": ("test:///\x1b[2Jdefault", UNPRINTABLE.format("test:///\\x1b[2Jdefault")),
    "a password and a blank": ("test://me:hush@host/ ", UNPRINTABLE.format("test://me:***@host/ ")),
    "an open bracket": ("qemu+tls://[::1/system", MALFORMED.format("qemu+tls://[::1/system", "Invalid IPv6 URL")),
    "a large port": (
        "qemu+tls://host:99999/system",
        MALFORMED.format("qemu+tls://host:99999/system", "Port out of range 0-65535"),
    ),
    "a password for a port": (
        "qemu+tls://me:hush@host:hush/system",
        MALFORMED.format("qemu+tls://me:***@host:hush/system", "Port could not be cast to integer value as '***'"),
    ),
}


@pytest.mark.parametrize(("uri", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_uri_is_refused(uri: str, sentence: str) -> None:
    """Text that libvirt would take for something else is refused, in one line without control characters."""
    with pytest.raises(BadUri) as error:
        check_uri(uri)
    assert str(error.value) == sentence
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
    ("uri", "secrets"),
    [
        ("qemu+ssh://me:hush@host/?token=a-hush-b&x=1", ["a-hush-b", "hush"]),
        ("qemu+ssh://me:hush@host/?token=hush&pw=", ["hush"]),
        ("qemu+ssh://me:@host/", []),
    ],
    ids=["two", "one twice", "an empty one"],
)
def test_each_secret_is_known_once(uri: str, secrets: list[str]) -> None:
    """The longest comes first, so that none is taken out of another and leaves the rest of it."""
    assert secrets_in(uri) == tuple(secrets)


@pytest.mark.parametrize(
    ("uri", "said", "shown"),
    [
        ("esx://me:hush@host/", "cannot open esx://me:hush@host/", "cannot open esx://me:***@host/"),
        ("esx://me:hush@host/", "hush, hush, and unhushed", "***, ***, and un***ed"),
        ("esx://me:hus@host/", "hus is wrong (hus), not hush", "*** is wrong (***), not hush"),
        ("esx://me:a+b@host/", "a+b, no aab, no xa+b", "***, no aab, no xa+b"),
        ("esx://me:p%40ss@host/", "p%40ss, p@ss", "***, ***"),
        ("esx://me:p@s/s@host/", "p@s/s, p%40s%2Fs", "***, ***"),
        ("esx://me:quiet@host/?token=quietly", "quietly, quiet", "***, ***"),
        ("esx://me:pass%@host/", "pass%25, pass%", "***, ***"),
    ],
    ids=[
        "the whole",
        "long",
        "short",
        "short and special",
        "decoded",
        "encoded",
        "one in another",
        "one form in another",
    ],
)
def test_a_message_is_shown_without_secrets(uri: str, said: str, shown: str) -> None:
    """What was given as a secret is taken out, however the driver writes it; a short one only where it stands alone."""
    assert scrub(said, uri) == shown


@pytest.mark.parametrize(
    ("uri", "local", "inside", "embedded", "rootless"),
    [
        ("qemu:///system", True, False, False, False),
        ("qemu+unix://LOCALHOST/system", True, False, False, False),
        ("qemu+tcp://[::1]/system", True, False, False, False),
        ("qemu+tcp://127.0.0.1:16509/system", True, False, False, False),
        ("qemu+ssh://host/system", False, False, False, False),
        ("test:///default", True, True, False, False),
        ("test+ssh://host/default", False, False, False, False),
        ("qemu:///embed", True, True, True, True),
        ("qemu:///embed?root=/x", True, True, True, False),
        ("qemu:///embed?a=root", True, True, True, True),
        ("qemu:///embedded", True, False, False, False),
        ("qemu:///system?root=/x", True, False, False, False),
    ],
    ids=[
        "local",
        "a local host",
        "a local address",
        "another local address",
        "a host",
        "test",
        "test elsewhere",
        "embedded",
        "embedded with a root",
        "a root for a value",
        "a longer word",
        "a root for nothing",
    ],
)
def test_what_a_uri_leads_to_is_seen(uri: str, local: bool, inside: bool, embedded: bool, rootless: bool) -> None:
    """Whether files can be seen from here, and whether a private root is wanted, is read off the URI."""
    found = (is_local(uri), in_process(uri), embeds(uri), embeds_without_root(uri))
    assert found == (local, inside, embedded, rootless)


def test_what_is_malformed_leads_to_no_machine() -> None:
    """Files of this one are not taken for those of a host that cannot be read off the URI."""
    assert not is_local("qemu+tls://[::1/system")


def test_a_root_is_added_to_what_is_there() -> None:
    """A private root keeps the parameters that the caller gave."""
    assert with_root("qemu:///embed", "/x") == "qemu:///embed?root=/x"
    assert with_root("qemu:///embed?a=b", "/x") == "qemu:///embed?a=b&root=/x"
