"""Passkeys of staff: made at the link or later, shown at the sign-in, and refused where anything of
an answer is not as it was asked."""

import json
from collections.abc import Callable

import pytest
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.test import Client
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.oath import totp
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from accounts.models import User
from chatsite.running import clock
from moderation import factors, ownfactors, passkeys, roles
from moderation.models import Audit, Passkey, Totp
from moderation.site import TYPED
from tests.moderation.authenticator import Authenticator, b64, unb64
from tests.moderation.conftest import ADMIN, PASSWORD

pytestmark = pytest.mark.django_db
ORIGIN = f"http://{ADMIN}"
BROWSER = b"a browser"
NOW = 1_800_000_000_000


@pytest.fixture(autouse=True)
def _fast_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    right = lambda _self, password, _encoded: password == PASSWORD  # noqa: E731
    monkeypatch.setattr(Argon2PasswordHasher, "verify", right)
    monkeypatch.setattr(Argon2PasswordHasher, "must_update", lambda *_: False)


def staff_member(name: str) -> User:
    user = User(username=name, display_name=name, is_staff=True)
    user.password = "argon2$argon2id$v=19$m=8,t=1,p=1$AAAA$AAAA"
    user.save()
    roles.give(user, "operator")
    return user


@pytest.fixture
def erin(admin: None) -> User:
    return staff_member("erin")


def with_passkey(user: User, **how: bool) -> Authenticator:
    key = Authenticator(ORIGIN, **how)
    made = key.create(passkeys.creation(user, BROWSER, NOW))
    ownfactors.add_passkey(user, made, "key", BROWSER, NOW)
    return key


def proved(user: User, said: str, browser: bytes = BROWSER, now: int = NOW) -> Passkey | None:
    return passkeys.proved(user, passkeys.answered(said, browser, now), now)


def asked() -> str:
    return passkeys.question(BROWSER, NOW)


@pytest.mark.parametrize("counts", [True, False])
def test_a_passkey_proves_its_owner(erin: User, counts: bool) -> None:
    key = with_passkey(erin, counts=counts)
    for _ in range(2):
        assert proved(erin, key.get(asked())) == Passkey.objects.get()
    row = Passkey.objects.get()
    assert (row.count, row.used, row.name) == (2 * counts, NOW, "key")


def lies(key: Authenticator, /, **attributes: object) -> Authenticator:
    for name, value in attributes.items():
        setattr(key, name, value)
    return key


@pytest.mark.parametrize(
    "lie",
    [
        {"origin": "http://admin.localhost.evil"},
        {"origin": "https://admin.localhost"},
        {"origin": "http://localhost"},
        {"host": "localhost"},
        {"handle": b""},
        {"handle": bytes(16)},
        {"flags": 0},
        {"id": bytes(32)},
        {"key": Authenticator(ORIGIN).key},
    ],
    ids=lambda lie: "-".join(lie),
)
def test_what_is_not_as_it_was_asked_proves_nothing(erin: User, lie: dict[str, object]) -> None:
    key = lies(with_passkey(erin), **lie)
    assert proved(erin, key.get(asked())) is None
    assert Passkey.objects.get().used is None


def test_the_passkey_of_somebody_else_proves_nothing(erin: User) -> None:
    frank = staff_member("frank")
    of_erin, of_frank = with_passkey(erin), with_passkey(frank)
    assert proved(erin, of_frank.get(asked())) is None
    of_frank.handle = erin.uid
    assert proved(erin, of_frank.get(asked())) is None
    of_erin.handle = frank.uid
    assert proved(frank, of_erin.get(asked())) is None
    assert proved(frank, lies(of_frank, handle=frank.uid).get(asked())) is not None


def test_nobody_takes_over_the_id_of_a_passkey(erin: User) -> None:
    of_erin = with_passkey(erin)
    mine = lies(Authenticator(ORIGIN), id=of_erin.id)
    frank = staff_member("frank")
    said = mine.create(passkeys.creation(frank, BROWSER, NOW))
    with pytest.raises(passkeys.BadPasskey, match="registered already"):
        ownfactors.add_passkey(frank, said, "", BROWSER, NOW)


def test_an_answer_counts_once(erin: User) -> None:
    key = with_passkey(erin, counts=False)
    said = key.get(asked())
    assert proved(erin, said) is not None
    with pytest.raises(passkeys.BadPasskey, match="sent twice"):
        proved(erin, said)
    made = Authenticator(ORIGIN).create(passkeys.creation(erin, BROWSER, NOW))
    ownfactors.add_passkey(erin, made, "", BROWSER, NOW)
    with pytest.raises(passkeys.BadPasskey, match="sent twice"):
        ownfactors.add_passkey(erin, made, "", BROWSER, NOW)


def with_challenge(change: Callable[[bytes], bytes]) -> str:
    question = json.loads(asked())
    return json.dumps(question | {"challenge": b64(change(unb64(question["challenge"])))})


def test_a_challenge_is_ours_fresh_and_for_this_browser_and_purpose(erin: User) -> None:
    key = with_passkey(erin)
    others = [
        (key.get(asked()), b"another browser", NOW),
        (key.get(asked()), BROWSER, NOW + passkeys.CHALLENGE_MS + 1),
        (key.get(asked()), BROWSER, NOW - 1),
        (key.get(passkeys.creation(erin, BROWSER, NOW)), BROWSER, NOW),
        (key.get(with_challenge(lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]))), BROWSER, NOW),
        (key.get(with_challenge(lambda raw: bytes(8) + raw[8:])), BROWSER, NOW),
        (key.get(with_challenge(lambda _: b"")), BROWSER, NOW),
        (key.get(with_challenge(lambda raw: raw + raw)), BROWSER, NOW),
    ]
    for said, browser, now in others:
        with pytest.raises(passkeys.BadPasskey, match="too long"):
            proved(erin, said, browser, now)
    frank = staff_member("frank")
    made = Authenticator(ORIGIN).create(passkeys.creation(erin, BROWSER, NOW))
    with pytest.raises(passkeys.BadPasskey, match="too long"):
        passkeys.made(frank, made, BROWSER, NOW)


def test_a_copy_shows_by_its_count_and_is_written_down(erin: User) -> None:
    key = with_passkey(erin)
    for _ in range(3):
        assert proved(erin, key.get(asked())) is not None
    copy = lies(key, count=1)
    assert proved(erin, copy.get(asked())) is None
    entry = Audit.objects.get(action="passkey_counts_back")
    assert entry.details == '{"passkey":"key","said":2,"was":3}'
    assert Passkey.objects.get().count == 3
    forged = lies(key, count=1, key=Authenticator(ORIGIN).key)
    assert proved(erin, forged.get(asked())) is None
    assert Audit.objects.filter(action="passkey_counts_back").count() == 1


def test_the_cache_away_lets_nobody_in(erin: User, monkeypatch: pytest.MonkeyPatch) -> None:
    key = with_passkey(erin)
    said = key.get(asked())
    monkeypatch.setattr("accounts.proof.cache", None)
    with pytest.raises(Exception, match="busy"):
        proved(erin, said)


BOMBS = [
    "", "{}", "[]", "null", "1", "[" * 8000, '{"id": ' * 1000, "x" * 9000, "\0", "\ud800",
    json.dumps({"id": "a", "rawId": "a", "type": "public-key", "response": {}}),
]  # fmt: skip


@pytest.mark.parametrize("said", BOMBS, ids=range(len(BOMBS)))
def test_what_is_no_answer_is_refused_in_words(erin: User, said: str) -> None:
    for parse in (
        lambda: passkeys.answered(said, BROWSER, NOW),
        lambda: passkeys.made(erin, said, BROWSER, NOW),
    ):
        with pytest.raises(passkeys.BadPasskey):
            parse()


@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_no_changed_byte_of_an_answer_proves_anything(erin: User, data: st.DataObject) -> None:
    Passkey.objects.all().delete()
    key = with_passkey(erin)
    said = json.loads(key.get(asked()))
    name = data.draw(st.sampled_from(["authenticatorData", "signature", "userHandle"]))
    raw = bytearray(unb64(said["response"][name]))
    raw[data.draw(st.integers(0, 255)) % len(raw)] ^= data.draw(st.integers(1, 255))
    said["response"][name] = b64(bytes(raw))
    assert proved(erin, json.dumps(said)) is None


@pytest.mark.parametrize(
    "data",
    [b"\xa1" + b"\x81" * 5000, b"\x9b" + b"\xff" * 8, b"\x5b\x0f" + b"\xff" * 7, b"", b"\xff"],
    ids=["deep", "long list", "long bytes", "nothing", "break"],
)
def test_bombs_in_what_an_authenticator_signed_are_refused(erin: User, data: bytes) -> None:
    key = with_passkey(erin)
    said = json.loads(key.get(asked()))
    extended = bytearray(unb64(said["response"]["authenticatorData"]))
    extended[32] |= 0x80  # extensions follow
    said["response"]["authenticatorData"] = b64(bytes(extended) + data)
    assert proved(erin, json.dumps(said)) is None
    made = json.loads(Authenticator(ORIGIN).create(passkeys.creation(erin, BROWSER, NOW)))
    made["response"]["attestationObject"] = b64(data)
    with pytest.raises(passkeys.BadPasskey):
        passkeys.made(erin, json.dumps(made), BROWSER, NOW)


@pytest.mark.parametrize("lie", [{"origin": "http://evil"}, {"flags": 0}], ids=str)
def test_no_passkey_is_made_elsewhere_or_by_nobody(erin: User, lie: dict[str, object]) -> None:
    key = lies(Authenticator(ORIGIN), **lie)
    with pytest.raises(passkeys.BadPasskey):
        passkeys.made(erin, key.create(passkeys.creation(erin, BROWSER, NOW)), BROWSER, NOW)


def test_ten_passkeys_are_enough(erin: User) -> None:
    for _ in range(passkeys.PASSKEYS_MAX):
        with_passkey(erin)
    with pytest.raises(passkeys.BadPasskey, match="10 passkeys"):
        with_passkey(erin)


def test_an_address_of_numbers_has_no_passkeys(admin: None, settings) -> None:
    assert passkeys.offered()
    for url in ("http://127.0.0.1:8000/admin/", "http://[::1]:8000/admin/"):
        settings.ADMIN_URL = url
        assert not passkeys.offered()


@pytest.fixture
def browser(erin: User) -> Client:
    return Client(SERVER_NAME=ADMIN)


def sign_in(browser: Client, passkey: str, password: str = PASSWORD, code: str = ""):
    form = {"username": "erin", "password": password, "code": code, "passkey": passkey}
    return browser.post("/login/", form | {"next": "/"})


def asked_by(browser: Client) -> str:
    answer = browser.post("/login/", {"options": "1"})
    assert answer.headers["Content-Type"] == "application/json"
    return answer.content.decode()


def in_browser(user: User) -> Authenticator:
    key = Authenticator(ORIGIN)
    now = clock.now_ms()
    ownfactors.add_passkey(user, key.create(passkeys.creation(user, b"", now)), "key", b"", now)
    return key


def test_staff_enter_with_password_and_passkey(browser: Client, erin: User) -> None:
    key = in_browser(erin)
    question = json.loads(asked_by(browser))
    assert (question["rpId"], question["allowCredentials"]) == (ADMIN, [])
    assert sign_in(browser, key.get(asked_by(browser)), password="wrong").status_code == 200
    assert sign_in(browser, "").status_code == 200
    assert browser.get("/people/").status_code == 302
    said = key.get(asked_by(browser))
    assert sign_in(browser, said, code="000000").status_code == 302  # typed before, for nothing
    assert browser.get("/people/").status_code == 200
    assert Audit.objects.get(action="signed_in").details == '{"factor":"passkey key"}'
    assert b"sent twice" in sign_in(Client(SERVER_NAME=ADMIN), said).content


def test_one_answer_for_all_that_is_wrong(browser: Client, erin: User) -> None:
    key = in_browser(erin)
    wrong = [
        sign_in(browser, key.get(asked_by(browser)), password="wrong"),
        sign_in(browser, lies(key, id=bytes(32)).get(asked_by(browser))),
        sign_in(browser, "", code="000000"),
    ]
    for answer in wrong:
        assert b"second factor do not fit together" in answer.content


def test_no_hash_runs_for_a_challenge_that_is_not_ours(
    browser: Client, erin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Argon2PasswordHasher, "verify", lambda *_: pytest.fail("hashed"))
    key = in_browser(erin)
    for said in (key.get(with_challenge(lambda _: bytes(40))), "{}", "x" * 100_000):
        assert sign_in(browser, said).status_code == 200


@pytest.fixture
def inside(erin: User) -> Client:
    """Signed in with an app, and with a passkey beside it."""
    in_browser(erin)
    app = factors.new_app(erin)
    Totp.objects.filter(pk=app.pk).update(confirmed=True)
    client = Client(SERVER_NAME=ADMIN)
    client.force_login(erin)
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = app.persistent_id
    session[TYPED] = clock.now_ms()
    session.save()
    return client


def act(client: Client, wanted: str, **given: str | int):
    """With the password typed for it."""
    session = client.session
    session[TYPED] = clock.now_ms()
    session.save()
    return client.post("/factors/", {"act": wanted, **given})


def test_factors_are_added_named_and_removed(inside: Client, erin: User) -> None:
    key = Authenticator(ORIGIN)
    options = inside.post("/factors/", {"options": "1"}).content.decode()
    [there] = json.loads(options)["excludeCredentials"]
    assert unb64(there["id"]) == bytes(Passkey.objects.get().credential)
    assert act(inside, "add", passkey=key.create(options), name="  my\0 phone ").status_code == 302
    row = Passkey.objects.get(name="my phone")
    assert act(inside, "rename", number=row.pk, name="old phone").status_code == 302
    assert "old phone" in inside.get("/factors/").content.decode()
    for name in ("", " ", "\0"):
        assert act(inside, "rename", number=row.pk, name=name).status_code == 409
    assert act(inside, "remove", number=row.pk).status_code == 302
    assert act(inside, "remove", number=row.pk).status_code == 409
    written = [each.action for each in Audit.objects.order_by("n")]
    assert written[1:] == ["passkey_added", "passkey_renamed", "passkey_removed"]


def test_the_last_factor_stays(inside: Client, erin: User) -> None:
    factors.new_codes(erin)
    number = Passkey.objects.get().pk
    assert act(inside, "remove", number=number).status_code == 302
    refused = act(inside, "remove-app")
    assert refused.status_code == 409
    assert "add another one first" in refused.content.decode()
    assert Totp.objects.filter(user=erin, confirmed=True).exists()


def test_a_session_ends_with_the_factor_that_opened_it(inside: Client, erin: User) -> None:
    assert act(inside, "remove-app").status_code == 302
    assert inside.get("/factors/").status_code == 302
    assert inside.get("/people/").status_code == 302


def test_nobody_changes_the_factors_of_somebody_else(inside: Client, erin: User) -> None:
    frank = staff_member("frank")
    with_passkey(frank)
    with_passkey(frank)
    of_frank = Passkey.objects.filter(user=frank).first()
    assert act(inside, "rename", number=of_frank.pk, name="mine").status_code == 409
    assert act(inside, "remove", number=of_frank.pk).status_code == 409
    assert Passkey.objects.filter(user=frank, name="key").count() == 2
    lone = Client(SERVER_NAME=ADMIN)
    lone.force_login(erin)  # without a second factor
    for name in ("add", "rename", "remove", "new-app", "set-app", "remove-app", "codes"):
        assert act(lone, name, number=of_frank.pk).status_code == 302
        assert act(Client(SERVER_NAME=ADMIN), name).status_code == 302
    assert lone.post("/factors/", {"options": "1"}).status_code == 302
    assert Passkey.objects.count() == 3


@pytest.mark.parametrize("number", ["", "x", "-1", "9" * 30, "²", "1\0"])
def test_a_number_that_is_none_names_nothing(inside: Client, number: str) -> None:
    assert act(inside, "remove", number=number).status_code == 404
    assert act(inside, "nothing").status_code == 404


def test_an_app_takes_the_place_of_the_one_before(inside: Client, erin: User) -> None:
    before = Totp.objects.get(confirmed=True)
    assert "otpauth" in act(inside, "new-app").content.decode()
    for wrong in ("x", "9" * 5000):
        assert "another code" in act(inside, "set-app", code=wrong).content.decode()
    assert Totp.objects.get(confirmed=True) == before
    waiting = factors.waiting(erin)
    code = f"{totp(factors._opened(Totp.objects.get(confirmed=False))):06}"
    assert act(inside, "set-app", code=code).status_code == 302
    assert Totp.objects.get() == waiting
    assert "this session was opened with it" in inside.get("/factors/").content.decode()
    codes = act(inside, "codes").content.decode()
    assert codes.count("<code>") == factors.CODES


def test_the_cache_away_adds_no_passkey(inside: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    said = Authenticator(ORIGIN).create(inside.post("/factors/", {"options": "1"}).content.decode())
    monkeypatch.setattr("accounts.proof.cache", None)
    assert act(inside, "add", passkey=said).status_code == 503
    assert Passkey.objects.count() == 1


def test_a_reset_clears_passkeys(erin: User) -> None:
    with_passkey(erin)
    assert factors.forget(erin) == 1
    assert not Passkey.objects.exists()


def test_the_policy_of_the_admin_is_as_it_was(browser: Client) -> None:
    policy = browser.get("/login/").headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert settings.ADMIN_URL.startswith(ORIGIN)
