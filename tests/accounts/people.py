"""Alice, bob and mallory in browsers: real m1 values through Django's own test client.

The password's slow hash is left out (`pw` is random): nothing on the server depends on it.
"""

import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import async_to_sync
from django.conf import settings
from django.test import Client

from accounts import protocol
from chatsite.edge.wire import B32, Body, Id, encoder
from e2ee.encoding import from_base64, to_base64
from e2ee.records import (
    FACTOR_CODE,
    FACTOR_PASSWORD,
    RECOVERY_DEVICE,
    Link,
    parse_link,
)
from testkit.client.m1 import code as codes
from testkit.client.m1 import devicelist, proofs, userkeys, vault
from testkit.client.m1.keys import DeviceKeys, KemKey, SigningKey, new_seed

NOW = 1_760_000_000_000
CSRF = "a" * 32
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@dataclass
class Answer:
    status: int
    raw: bytes
    headers: Any

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.raw)

    @property
    def code(self) -> str:
        return self.json["code"]

    def bytes(self, member: str) -> bytes:
        return from_base64(self.json[member])


class Browser:
    """One cookie jar, with the keys of one device."""

    def __init__(self, keys: DeviceKeys | None = None) -> None:
        self.http = Client(enforce_csrf_checks=True)
        self.http.cookies[settings.CSRF_COOKIE_NAME] = CSRF
        self.keys = keys or DeviceKeys()
        self.uid = b""
        self.grant: bytes | None = None

    def call(
        self,
        method: str,
        path: str,
        body: Body | None = None,
        *,
        prove: bool = True,
        **headers: str,
    ) -> Answer:
        """One request as the page makes it: CSRF, Origin, and a proof once there is an account."""
        raw = encoder.encode(body) if body else b""
        if prove and self.uid and path != "/api/nonce":
            headers.setdefault("X-Device-Proof", self.proof(method, path, raw))
        if self.grant:
            headers.setdefault("X-Enrolment", to_base64(self.grant))
        return self.send(method, path, raw, headers)

    def send(self, method: str, path: str, raw: bytes, headers: dict[str, str]) -> Answer:
        csrf = self.http.cookies[settings.CSRF_COOKIE_NAME].value
        response = self.http.generic(
            method, path, raw, "application/json",
            headers={
                "Origin": settings.SITE_URL, "X-CSRFToken": csrf, "User-Agent": FIREFOX,
            } | headers,
        )  # fmt: skip
        raw = async_to_sync(_whole)(response) if response.streaming else response.content
        return Answer(response.status_code, raw, response.headers)

    def nonce(self) -> bytes:
        return self.send("GET", "/api/nonce", b"", {}).bytes("nonce")

    def proof(
        self, method: str, path: str, raw: bytes, nonce: bytes | None = None,
        keys: DeviceKeys | None = None,
    ) -> str:  # fmt: skip
        return proofs.http_proof(
            keys or self.keys, host=settings.SITE_HOST, nonce=nonce or self.nonce(), uid=self.uid,
            method=method, path=path, body=raw,
        )  # fmt: skip

    @property
    def session_key(self) -> str:
        return self.http.cookies[settings.SESSION_COOKIE_NAME].value


async def _whole(response: Any) -> bytes:
    """Of an answer that is made while it is sent."""
    return b"".join([piece async for piece in response])


@dataclass
class Person:
    """Everything an account's owner knows; `browsers[0]` signed up."""

    name: str
    uid: bytes = b""
    pepper: bytes = b""
    pw: bytes = field(default_factory=new_seed)
    code: str = field(default_factory=codes.new_code)
    kdf_salt: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    code_salt: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    root: bytes = field(default_factory=new_seed)
    aik: SigningKey = field(default_factory=SigningKey)
    recovery: KemKey = field(default_factory=KemKey)
    user_keys: list[KemKey] = field(default_factory=lambda: [KemKey()])
    vault_version: int = 1
    newest: Link | None = None
    browsers: list[Browser] = field(default_factory=list)

    @property
    def head(self) -> Link:
        assert self.newest, "no device list yet"
        return self.newest

    @head.setter
    def head(self, link: Link) -> None:
        self.newest = link

    @property
    def auth(self) -> B32:
        return B32(vault.password_auth(self.pw, self.kdf_salt))

    @property
    def code_auth(self) -> B32:
        return B32(vault.code_auth(self.code, self.code_salt))

    def sign_up(self, browser: Browser | None = None) -> Answer:
        browser = browser or Browser()
        started = browser.call(
            "POST", "/api/sign-up/start", protocol.SignUpStart(name=self.name), prove=False
        )
        self.uid, self.pepper = started.bytes("uid"), started.bytes("pepper")
        answer = browser.call("POST", "/api/sign-up", self.sign_up_body(browser), prove=False)
        if answer.status == 200:
            self.browsers.append(browser)
            browser.uid = self.uid
        return answer

    def sign_up_body(
        self, browser: Browser, now: int = NOW, *, reset: bool = False
    ) -> protocol.SignUp:
        raw = devicelist.first_link(
            uid=self.uid, aik=self.aik, devices=[devicelist.listed(browser.keys, now)],
            user_key=self.user_keys[-1].public, recovery_key=self.recovery.public, ms=now,
            reset=reset,
        )  # fmt: skip
        self.head = parse_link(raw)
        return protocol.SignUp(
            display_name=self.name.capitalize(), password=self.password_values(),
            code=self.code_values(), link=raw, vault=self.sealed_vault(), factors=self.factors(),
            wraps=self.wraps(self.head, browser.keys.id, RECOVERY_DEVICE),
        )  # fmt: skip

    def start_over(self, token: bytes, browser: Browser | None = None) -> Answer:
        """The account reset, with everything new; on success this is the only browser."""
        fresh = Person(self.name, self.uid)
        browser = browser or Browser()
        opened = browser.call(
            "POST", "/api/reset/open", protocol.ResetOpen(token=B32(token)), prove=False
        )
        if opened.status != 200:
            return opened
        fresh.pepper = opened.bytes("pepper")
        body = fresh.sign_up_body(browser, reset=True)
        answer = browser.call(
            "POST", "/api/reset/finish", protocol.ResetFinish(token=B32(token), account=body),
            prove=False,
        )  # fmt: skip
        if answer.status == 200:
            browser.uid, browser.grant = self.uid, None
            self.__dict__ |= fresh.__dict__ | {"browsers": [browser]}
        return answer

    def sign_in(self, browser: Browser | None = None, **values: Any) -> tuple[Browser, Answer]:
        """By password unless `code_auth` is given. The browser holds the grant afterwards."""
        browser = browser or Browser()
        body = protocol.SignIn(name=self.name, **(values or {"auth": self.auth}))
        answer = browser.call("POST", "/api/sign-in", body, prove=False)
        if answer.status == 200:
            browser.uid, browser.grant = answer.bytes("uid"), answer.bytes("grant")
        return browser, answer

    def enrol(self, browser: Browser, **changes: Any) -> Answer:
        """Sign the link that adds this browser, and post it under the grant."""
        body = self.link_adding(browser.keys, **changes)
        answer = browser.call("POST", "/api/links", body)
        if answer.status == 200:
            self.head = parse_link(body.link)
            self.browsers.append(browser)
            browser.grant = None
        return answer

    def link_adding(self, keys: DeviceKeys, now: int = NOW) -> protocol.NewLink:
        listed = [*self.head.devices, devicelist.listed(keys, now)]
        link = self.next_link(listed)
        return protocol.NewLink(link=link.raw, wraps=self.wraps(link, keys.id))

    def link_revoking(self, *gone: DeviceKeys, renew: bool = True) -> protocol.NewLink:
        """Lost or stolen: a new user key, recovery key, root, vault and code."""
        left = [each for each in self.head.devices if each.id not in {keys.id for keys in gone}]
        self.user_keys.append(KemKey())
        recovery = KemKey() if renew else self.recovery
        link = self.next_link(
            left, revokes=True, user_key=self.user_keys[-1].public, recovery_key=recovery.public
        )
        new, old = self.user_keys[-1].seed, self.user_keys[-2].seed
        body: dict[str, Any] = {
            "link": link.raw,
            "wraps": self.wraps(link, *(each.id for each in left), RECOVERY_DEVICE),
            "prev_box": userkeys.seal_previous(new, old, uid=self.uid, g=link.g),
        }
        if renew:
            self.recovery, self.root, self.code = recovery, new_seed(), codes.new_code()
            self.code_salt = secrets.token_bytes(16)
            self.vault_version += 1
            body |= {
                "vault": self.sealed_vault(), "factors": self.factors(), "code": self.code_values(),
            }  # fmt: skip
        return protocol.NewLink(**body)

    def next_link(self, devices: list[Any], **changes: Any) -> Link:
        ordered = sorted(devices, key=lambda device: device.id)
        return parse_link(
            devicelist.next_link(self.head, aik=self.aik, devices=ordered, ms=NOW, **changes)
        )

    def wraps(self, link: Link, *devices: bytes) -> list[protocol.DeviceWrap]:
        seed = self.user_keys[-1].seed
        return [
            protocol.DeviceWrap(device=Id(each), wrap=userkeys.wrap_for(link, each, seed))
            for each in devices
        ]

    def sealed_vault(self) -> protocol.Vault:
        box = vault.seal_vault(
            self.root, uid=self.uid, version=self.vault_version, aik_seed=self.aik.seed,
            recovery_seed=self.recovery.seed,
        )  # fmt: skip
        return protocol.Vault(version=self.vault_version, box=box)

    def factors(self) -> list[protocol.Factor]:
        return [self.code_factor(), self.password_factor()]

    def code_factor(self) -> protocol.Factor:
        return self._factor(FACTOR_CODE, vault.code_kek(self.code, uid=self.uid))

    def password_factor(self) -> protocol.Factor:
        kek = vault.password_kek(self.pw, uid=self.uid, pepper=self.pepper)
        return self._factor(FACTOR_PASSWORD, kek)

    def password_values(self) -> protocol.PasswordValues:
        kdf = protocol.Kdf(m=vault.FLOOR_M, t=vault.FLOOR_T, p=1)
        return protocol.PasswordValues(kdf_salt=Id(self.kdf_salt), kdf=kdf, auth=self.auth)

    def code_values(self) -> protocol.CodeValues:
        return protocol.CodeValues(code_salt=Id(self.code_salt), code_auth=self.code_auth)

    def _factor(self, kind: int, kek: bytes) -> protocol.Factor:
        factor = secrets.token_bytes(16)
        wrap = vault.wrap_root(kek, self.root, uid=self.uid, kind=kind, factor=factor)
        return protocol.Factor(type=kind, id=Id(factor), wrap=wrap)


def post(browser: Browser, body: protocol.NewLink):
    return browser.call("POST", "/api/links", body)


def prepared(browser: Browser, method: str, path: str, body: Body | None = None):
    """Everything for one request is made now; calling the result sends it."""
    proof = browser.proof(method, path, encoder.encode(body) if body else b"")
    return lambda: browser.call(method, path, body, prove=False, **{"X-Device-Proof": proof})


def changed(body: protocol.NewLink, **members) -> protocol.NewLink:
    return protocol.NewLink(**{n: getattr(body, n) for n in body.__struct_fields__} | members)


def second_browser(person: Person) -> Browser:
    browser, _ = person.sign_in()
    answer = person.enrol(browser)
    assert answer.status == 200, answer.raw
    return browser
