"""Signing in by password or recovery code. Nothing of a user's is opened but the pepper."""

from accounts import credentials, limits, names
from accounts.models import Credentials
from accounts.problems import Refusal, bad
from accounts.protocol import SignIn, Started


def start(text: str) -> Started:
    """The salts that a browser needs to derive `auth`; for nobody's name just as good ones."""
    name = names.folded(text)
    return credentials.started(name, _find(name))


def check(body: SignIn, now_ms: int) -> Credentials:
    """The credentials that the one given value opens.

    Raises Refusal `wrong`, the same for nobody's name, and 429 after ten wrong ones an hour.
    """
    if (body.auth is None) == (body.code_auth is None):
        bad("bad_body", "Exactly one of auth and code_auth.")
    name = names.folded(body.name)
    row = _find(name)
    subject = row.user.uid if row else credentials.fake_uid(name)
    prove(row, subject, body.auth, body.code_auth, by_device=False, now_ms=now_ms)
    assert row is not None
    return row


def prove(
    row: Credentials | None,
    subject: bytes,
    auth: bytes | None,
    code_auth: bytes | None,
    *,
    by_device: bool,
    now_ms: int,
) -> None:
    """Compare under the limit of tries; raises Refusal `wrong` or 429."""
    this = limits.try_secret(subject, by_device, now_ms)
    if not credentials.matches(row, subject, auth, code_auth) or row is None:
        raise Refusal(403, "wrong", "That did not match.")
    limits.succeeded(this)
    credentials.renew_verifier(row, auth, code_auth)


def _find(name: str) -> Credentials | None:
    people = Credentials.objects.select_related("user")
    return people.filter(user__username=name, user__is_active=True).first()
