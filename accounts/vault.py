"""The vault and the factors that open it (docs/encryption.md 4.5). The server opens neither."""

from collections.abc import Sequence
from datetime import UTC, datetime

from django.db.transaction import atomic

from accounts import credentials, proof, protocol, sessions, signin
from accounts.models import Credentials, Factor, User, Vault
from accounts.protocol import NewCode, NewPassword, Unlock, Unlocked
from accounts.sessions import Caller
from chatsite.edge.refusals import Refusal, bad, unknown
from chatsite.edge.wire import B32, Id
from e2ee.records import FACTOR_CODE, FACTOR_PASSWORD


def check_factors(factors: Sequence[protocol.Factor]) -> None:
    """A whole set: the code always, one password at most, no id twice. Raises Refusal."""
    types = [factor.type for factor in factors]
    ids = {bytes(factor.id) for factor in factors}
    if types.count(FACTOR_CODE) != 1 or types.count(FACTOR_PASSWORD) > 1 or len(ids) != len(types):
        bad("bad_factors", "An account has one code, at most one password, and no id twice.")


def has_password(factors: Sequence[protocol.Factor]) -> bool:
    return any(factor.type == FACTOR_PASSWORD for factor in factors)


def create(user: User, vault: protocol.Vault, factors: Sequence[protocol.Factor]) -> None:
    Vault.objects.create(user=user, version=vault.version, box=vault.box)
    _insert(user, factors)


def replace(user: User, vault: protocol.Vault, factors: Sequence[protocol.Factor] | None) -> None:
    """Called inside a transaction. Compare-and-set: raises Refusal 409 `stale_vault` unless the
    version is the next one. `factors` replaces all: RK is another one."""
    changed = Vault.objects.filter(user=user, version=vault.version - 1)
    if not changed.update(version=vault.version, box=vault.box):
        raise Refusal(409, "stale_vault", "Another device changed the vault. Open it again.")
    if factors is not None:
        Factor.objects.filter(user=user).delete()
        _insert(user, factors)


def read(user: User) -> protocol.VaultAnswer:
    vault = Vault.objects.get(user=user)
    return protocol.VaultAnswer(
        vault=protocol.Vault(version=vault.version, box=vault.box), factors=_factors(user)
    )


def code_made(user: User) -> datetime:
    """When the recovery code was made that opens the vault now."""
    made = Factor.objects.filter(user=user, type=FACTOR_CODE).values_list("made", flat=True).get()
    return datetime.fromtimestamp(made / 1000, UTC)


def unlock(who: Caller, body: Unlock, now_ms: int) -> Unlocked:
    """Prove a factor from a listed device, which may use the vault for ten minutes then.
    Raises Refusal `wrong`, and 429 after too many wrong ones."""
    if (body.auth is None) == (body.code_auth is None):
        bad("bad_body", "Exactly one of auth and code_auth.")
    user = who.record.user
    row = Credentials.objects.select_related("user").filter(user=user).first()
    signin.prove(row, user.uid, body.auth, body.code_auth, by_device=True, now_ms=now_ms)
    assert row is not None
    with atomic():
        row = signin.hold_proved(row, body.auth, body.code_auth)
        sessions.unlock(who.record, now_ms)
        opened = read(user)
    pepper = credentials.open_pepper(row.pepper_kid, user.uid, row.pepper)
    return Unlocked(pepper=B32(pepper), vault=opened.vault, factors=opened.factors)


def new_password(who: Caller, body: NewPassword, now_ms: int) -> None:
    """Salt, verifier and wrap in one; also switches a dropped password on again. Like every change
    of a factor it takes back what the old one opened elsewhere."""
    if body.factor.type != FACTOR_PASSWORD:
        bad("bad_factors", "That is no password factor.")
    with atomic():
        user = proof.hold_account(who, now_ms)
        row = Credentials.objects.get(user=user)
        if row.kdf_salt == bytes(body.password.kdf_salt):
            bad("bad_factors", "A new password comes with a new salt.")
        credentials.set_password(row, user.uid, body.password)
        row.save()
        _put(user, body.factor)
        sessions.secret_changed(who.record)


def new_code(who: Caller, body: NewCode, now_ms: int) -> None:
    if body.factor.type != FACTOR_CODE:
        bad("bad_factors", "That is no code factor.")
    with atomic():
        user = proof.hold_account(who, now_ms)
        row = Credentials.objects.get(user=user)
        if row.code_salt == bytes(body.code.code_salt):
            bad("bad_factors", "A new code comes with a new salt.")
        credentials.set_code(row, user.uid, body.code)
        row.save()
        _put(user, body.factor)
        sessions.secret_changed(who.record)


def drop_factor(who: Caller, factor: bytes, now_ms: int) -> None:
    """Raises 404 for what is not the caller's; the code stays, since it is the last resort."""
    with atomic():
        user = proof.hold_account(who, now_ms)
        row = Factor.objects.filter(user=user, factor=factor).first()
        if row is None:
            unknown()
        if row.type == FACTOR_CODE:
            bad("bad_factors", "The recovery code cannot be switched off.")
        if row.type == FACTOR_PASSWORD:
            held = Credentials.objects.get(user=user)
            credentials.drop_password(held)
            held.save()
        row.delete()
        sessions.secret_changed(who.record)


def _put(user: User, factor: protocol.Factor) -> None:
    """Replaces the one of the same type; a passkey's id cannot be taken over."""
    Factor.objects.filter(user=user, type=factor.type).delete()
    if Factor.objects.filter(user=user, factor=bytes(factor.id)).exists():
        bad("bad_factors", "That id names another factor.")
    _insert(user, [factor])


def _insert(user: User, factors: Sequence[protocol.Factor]) -> None:
    Factor.objects.bulk_create(
        Factor(user=user, factor=bytes(each.id), type=each.type, wrap=each.wrap) for each in factors
    )


def _factors(user: User) -> list[protocol.Factor]:
    rows = Factor.objects.filter(user=user).order_by("type", "pk")
    return [protocol.Factor(type=row.type, id=Id(row.factor), wrap=row.wrap) for row in rows]
