"""Signing in by password or recovery code. The server opens the pepper and nothing else."""

from accounts import credentials, names, tries
from accounts.models import Credentials, User
from accounts.protocol import SignIn, Started
from chatsite.edge.refusals import Refusal, bad
from e2ee.records import FACTOR_CODE, FACTOR_PASSWORD


def start(text: str) -> Started:
    """The salts that a browser needs to derive `auth`; an unknown name gets fakes."""
    name = names.folded(text)
    return credentials.started(name, _find(name))


def check(body: SignIn, now_ms: int) -> Credentials:
    """The credentials that the one given value opens.

    Raises Refusal `wrong`, the same for an unknown name, and 429 after too many wrong ones.
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
    kind = FACTOR_CODE if auth is None else FACTOR_PASSWORD
    this = tries.count(subject, kind, by_device, now_ms)
    if not credentials.matches(row, subject, auth, code_auth) or row is None:
        raise _wrong()
    tries.succeeded(this)


def hold_proved(row: Credentials, auth: bytes | None, code_auth: bytes | None) -> Credentials:
    """Called first in the transaction that gives something for a secret that `prove` compared:
    locks the account's row and compares again. The secret may have changed in between, and then
    the old one opens nothing more. Raises Refusal `wrong`."""
    user = User.objects.select_for_update(no_key=True).get(pk=row.user_id)
    found = Credentials.objects.select_related("user").filter(user=user).first()
    if not credentials.matches(found, user.uid, auth, code_auth) or found is None:
        raise _wrong()  # also where the account was deleted in between
    credentials.renew_verifier(found, auth, code_auth)
    return found


def _wrong() -> Refusal:
    return Refusal(403, "wrong", "That did not match.")


def _find(name: str) -> Credentials | None:
    people = Credentials.objects.select_related("user")
    return people.filter(user__username=name, user__is_active=True).first()
