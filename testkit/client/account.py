"""Opening an account and enrolling devices (4.5, 4.18): all that touches RK, AIK and the vault."""

import secrets
import time
from dataclasses import dataclass
from functools import cache

from accounts import protocol
from chatsite.edge.wire import B32, Id
from e2ee import records
from e2ee.errors import BadKey
from e2ee.records import FACTOR_CODE, FACTOR_PASSWORD, RECOVERY_DEVICE, Link, parse_link
from testkit.client.api import Api, ApiError
from testkit.client.keyring import KeyRing
from testkit.client.m1 import code as codes
from testkit.client.m1 import devicelist, userkeys, vault, work
from testkit.client.m1.keys import DeviceKeys, KemKey, SigningKey, new_seed
from testkit.client.m1.vault import KdfParameters

TRIES = 5  # a link loses against another device's; each conflict brings the winner


def now_ms() -> int:
    return time.time_ns() // 1_000_000


stretch = cache(vault.stretch_password)


@dataclass
class Secrets:
    """What a person knows or wrote down. Without a password, `pw` stands for the stretched one:
    tests that sign up a thousand people cannot pay for Argon2id. Those who share password and
    `salt` pay for it once."""

    name: str
    code: str
    pw: bytes
    password: str | None = None
    salt: bytes | None = None  # of a new account's password; otherwise one by chance

    def stretched(self, salt: bytes, kdf: KdfParameters) -> bytes:
        if self.password is None:
            return self.pw
        return stretch(self.password, salt, kdf)


@dataclass
class Opened:
    """An account as a device holds it; AIK and recovery only while it is unlocked."""

    uid: bytes
    keys: DeviceKeys
    ring: KeyRing
    links: list[Link]


@dataclass
class Unlocked:
    aik: SigningKey
    recovery: KemKey
    root: bytes
    version: int
    factors: list[protocol.Factor]


def sign_up(
    api: Api, name: str, *, password: str | None = None, display_name: str | None = None,
    salt: bytes | None = None,
) -> tuple[Secrets, Opened]:  # fmt: skip
    known = Secrets(name, codes.new_code(), new_seed(), password, salt)
    reserved = api.post(
        "/api/sign-up/start", protocol.SignUpStart(name=name), protocol.SignUpStarted
    )
    uid, keys, aik = bytes(reserved.uid), DeviceKeys(), SigningKey()
    user_key, recovery, root = KemKey(), KemKey(), new_seed()
    now = now_ms()
    link = parse_link(
        devicelist.first_link(
            uid=uid, aik=aik, devices=[devicelist.listed(keys, now)], user_key=user_key.public,
            recovery_key=recovery.public, ms=now,
        )
    )  # fmt: skip
    password_values, code_values, factors = factors_of(known, uid, reserved.pepper, root)
    box = vault.seal_vault(root, uid=uid, version=1, aik_seed=aik.seed, recovery_seed=recovery.seed)
    body = protocol.SignUp(
        display_name=display_name or name,
        password=password_values,
        code=code_values,
        link=link.raw,
        wraps=[wrap(link, keys.id, user_key), wrap(link, RECOVERY_DEVICE, user_key)],
        vault=protocol.Vault(version=1, box=box),
        factors=factors,
        work=solved(reserved.work),
    )
    api.post("/api/sign-up", body, protocol.Enrolled)
    api.uid, api.keys = uid, keys
    return known, Opened(uid, keys, KeyRing(uid, {1: user_key}), [link])


def solved(asked: protocol.Work | None) -> protocol.WorkDone | None:
    """What a site that is under attack asks for."""
    if asked is None:
        return None
    nonces = work.solve(asked.challenge, asked.bits)
    return protocol.WorkDone(challenge=asked.challenge, nonces=nonces)


def enrol(api: Api, known: Secrets, *, by_code: bool = False) -> Opened:
    """Sign in on a new device and put it on the list (4.18)."""
    signed_in, kek_of = sign_in(api, known, by_code=by_code)
    grant, uid = bytes(signed_in.grant), bytes(signed_in.uid)
    answer = api.get("/api/vault", protocol.VaultAnswer, grant=grant)
    opened = open_vault(uid, answer.vault, answer.factors, kek_of)
    for _ in range(TRIES):
        try:
            return _enrol(api, uid, grant, opened)
        except ApiError as error:
            if error.status != 409:
                raise
    raise AssertionError("the list never stood still")


def sign_in(
    api: Api, known: Secrets, *, by_code: bool = False
) -> tuple[protocol.SignedIn, tuple[int, bytes]]:
    """A complete sign-in; also the type of factor and its KEK. Opens a grant, lists nothing."""
    started = api.post("/api/start", protocol.Start(name=known.name), protocol.Started)
    kdf = KdfParameters(started.kdf.m, started.kdf.t, started.kdf.p)
    if by_code:
        auth = B32(vault.code_auth(known.code, started.code_salt))
        body = protocol.SignIn(name=known.name, code_auth=auth)
    else:
        pw = known.stretched(started.kdf_salt, kdf)
        body = protocol.SignIn(name=known.name, auth=B32(vault.password_auth(pw, started.kdf_salt)))
    answer = api.post("/api/sign-in", body, protocol.SignedIn)
    uid = api.uid = bytes(answer.uid)
    if by_code:
        return answer, (FACTOR_CODE, vault.code_kek(known.code, uid=uid))
    return answer, (FACTOR_PASSWORD, vault.password_kek(pw, uid=uid, pepper=answer.pepper))


def sign_in_again(api: Api, known: Secrets) -> None:
    """The session is over, the device is not: its proof makes the new session its own."""
    sign_in(api, known)
    api.post("/api/live-token", None, protocol.LiveToken, proof=True)


def unlock(api: Api, known: Secrets, uid: bytes) -> Unlocked:
    """Prove the password from a listed device and open the vault."""
    started = api.post("/api/start", protocol.Start(name=known.name), protocol.Started)
    kdf = KdfParameters(started.kdf.m, started.kdf.t, started.kdf.p)
    pw = known.stretched(started.kdf_salt, kdf)
    auth = B32(vault.password_auth(pw, started.kdf_salt))
    answer = api.post("/api/unlock", protocol.Unlock(auth=auth), protocol.Unlocked, proof=True)
    kek = vault.password_kek(pw, uid=uid, pepper=answer.pepper)
    return open_vault(uid, answer.vault, answer.factors, (FACTOR_PASSWORD, kek))


def open_vault(
    uid: bytes, box: protocol.Vault, factors: list[protocol.Factor], kek: tuple[int, bytes]
) -> Unlocked:
    kind, key = kek
    factor = next(each for each in factors if each.type == kind)
    root = vault.unwrap_root(key, factor.wrap, uid=uid, kind=kind, factor=factor.id)
    aik_seed, recovery_seed = vault.open_vault(root, box.box, uid=uid, version=box.version)
    return Unlocked(SigningKey(aik_seed), KemKey(recovery_seed), root, box.version, factors)


def factors_of(
    known: Secrets, uid: bytes, pepper: bytes, root: bytes
) -> tuple[protocol.PasswordValues, protocol.CodeValues, list[protocol.Factor]]:
    """New salts, verifiers and wraps for the code and the password that `known` holds."""
    kdf, kdf_salt = KdfParameters(), known.salt or secrets.token_bytes(16)
    code_salt = secrets.token_bytes(16)
    pw = known.stretched(kdf_salt, kdf)
    password = protocol.PasswordValues(
        kdf_salt=Id(kdf_salt),
        kdf=protocol.Kdf(m=kdf.m, t=kdf.t, p=kdf.p),
        auth=B32(vault.password_auth(pw, kdf_salt)),
    )
    code = protocol.CodeValues(
        code_salt=Id(code_salt), code_auth=B32(vault.code_auth(known.code, code_salt))
    )
    keks = {
        FACTOR_CODE: vault.code_kek(known.code, uid=uid),
        FACTOR_PASSWORD: vault.password_kek(pw, uid=uid, pepper=pepper),
    }
    return password, code, [factor(root, uid, kind, kek) for kind, kek in keks.items()]


def factor(root: bytes, uid: bytes, kind: int, kek: bytes) -> protocol.Factor:
    factor_id = secrets.token_bytes(16)
    sealed = vault.wrap_root(kek, root, uid=uid, kind=kind, factor=factor_id)
    return protocol.Factor(type=kind, id=Id(factor_id), wrap=sealed)


def wrap(link: Link, device: bytes, user_key: KemKey) -> protocol.DeviceWrap:
    return protocol.DeviceWrap(
        device=Id(device), wrap=userkeys.wrap_for(link, device, user_key.seed)
    )


def revoke(api: Api, known: Secrets, opened: Opened, device: bytes) -> Opened:
    """Leave a device out under a new user key (4.6); all epochs rotate before the next send."""
    unlocked = unlock(api, known, opened.uid)
    links = own_chain(api, opened.uid, unlocked.aik)
    head, g, user_key = links[-1], links[-1].g + 1, KemKey()
    link = parse_link(
        devicelist.next_link(
            head, aik=unlocked.aik, ms=now_ms(), user_key=user_key.public, revokes=True,
            devices=[each for each in head.devices if each.id != device],
        )
    )  # fmt: skip
    older = opened.ring.keys[head.g].seed
    receivers = [*(each.id for each in link.devices), RECOVERY_DEVICE]
    body = protocol.NewLink(
        link=link.raw,
        wraps=[wrap(link, each, user_key) for each in receivers],
        prev_box=userkeys.seal_previous(user_key.seed, older, uid=opened.uid, g=g),
    )
    api.post("/api/links", body, protocol.LinkStored, proof=True)
    opened.ring.keys[g] = user_key
    opened.links = [*links, link]
    return opened


def own_chain(api: Api, uid: bytes, aik: SigningKey, grant: bytes | None = None) -> list[Link]:
    """The whole chain of one's own account, which must be that of the vault's AIK."""
    links: list[Link] = []
    while True:
        path = f"/api/links?after={links[-1].k if links else 0}"
        page = api.get(path, protocol.Links, grant=grant, proof=grant is None)
        if page.links:
            pin = links[-1] if links else None
            links += devicelist.follow(uid, pin, page.links).links
        if not page.links or links[-1].k >= page.head[0]:
            break
    if links[-1].aik != aik.public:
        raise BadKey("the list is that of another identity key than the vault's")
    return links


def _enrol(api: Api, uid: bytes, grant: bytes, opened: Unlocked) -> Opened:
    links = own_chain(api, uid, opened.aik, grant)
    ring = KeyRing(uid)
    wraps = api.get("/api/wraps", protocol.Wraps, grant=grant)
    ring.open_all(wraps, links, RECOVERY_DEVICE, opened.recovery)
    keys, now = DeviceKeys(), now_ms()
    devices = [*links[-1].devices, devicelist.listed(keys, now)]
    link = parse_link(
        devicelist.next_link(
            links[-1], aik=opened.aik, devices=sorted(devices, key=lambda each: each.id), ms=now
        )
    )
    records.check_next(link, links[-1])
    body = protocol.NewLink(link=link.raw, wraps=[wrap(link, keys.id, ring.newest[1])])
    api.post("/api/links", body, protocol.LinkStored, grant=grant, signer=keys)
    api.keys = keys
    return Opened(uid, keys, ring, [*links, link])
