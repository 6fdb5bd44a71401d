"""manage.py rotate_secrets: what was signed and sealed stays good, for as long as it says."""

import asyncio
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts import credentials, protocol, tokens
from accounts.models import Credentials, User
from chatsite import control, env, keyfile, make_secrets
from chatsite.rotation.purposes import FIXED, ROTATED
from chatsite.running.clock import now_ms
from e2ee.errors import BadProof
from e2ee.moderation import identity
from media import tickets
from moderation import audit, factors, keys, roles
from moderation.models import Audit, Codes, Report, State, Totp
from tests.accounts.people import Browser, Person
from tests.moderation import conftest as staff

pytestmark = pytest.mark.django_db
alice, bob, admin = staff.alice, staff.bob, staff.admin
fresh_limits = staff._fresh_limits


class Keys:
    """Secrets in a folder of their own."""

    def __init__(self, settings: Any, var: Path) -> None:
        self.settings, self.folder = settings, var / "secrets"
        make_secrets.main(self.folder)
        settings.VAR, settings.MODERATION_KEY = var, self.folder / make_secrets.PUBLISHED
        settings.MODERATION_SEEDS = lambda: env.secret_if_there(self.folder, "moderation")
        self.restart()

    def restart(self) -> None:
        """The site reads them once."""
        read = {name: env.secret(self.folder, name) for name in make_secrets.PURPOSES}
        self.settings.SECRETS = read
        used, *older = [key.hex() for _, key in read["django"]]
        self.settings.SECRET_KEY, self.settings.SECRET_KEY_FALLBACKS = used, older

    def run(self, *words: str) -> str:
        out = StringIO()
        call_command("rotate_secrets", *words, stdout=out)
        return out.getvalue()

    def rotate(self, *names: str) -> str:
        said = self.run(*names)
        self.restart()
        return said

    def prune(self, name: str, days: int) -> str:
        """So many days after the rotation."""
        lines = keyfile.parse((self.folder / name).read_text())
        then = datetime.now(UTC).date() - timedelta(days)
        aged = [f"{keyfile.Line(o.kid, o.key, o.replaced and then, o.announced)}\n" for o in lines]
        keyfile.write(self.folder / name, "".join(aged))
        said = self.run(name, "--prune")
        self.restart()
        return said

    def kids(self, name: str) -> list[str]:
        return [kid for kid, _ in env.secret(self.folder, name)]


@pytest.fixture
def kept(settings: Any, tmp_path: Path, db: None) -> Keys:
    return Keys(settings, tmp_path)


@pytest.fixture
def person(kept: Keys) -> Person:
    """Signed up under the keys of this site."""
    made = Person("carol")
    assert made.sign_up().status == 200
    return made


def sign_in(**value: Any) -> int:
    body = protocol.SignIn(name="carol", **value)
    return Browser().call("POST", "/api/sign-in", body, prove=False).status


def test_people_sign_in_and_read_after_their_keys_changed(kept: Keys, person: Person) -> None:
    assert "Restart the site" in kept.rotate("signin", "pepper", "django")
    for page in ("/settings", "/decisions"):
        assert person.browsers[0].http.get(page).status_code == 200
    assert person.browsers[0].call("GET", "/api/wraps").status == 200
    assert kept.prune("signin", 400).endswith("0 keys dropped, 2 kept\n")
    assert sign_in(auth=person.auth) == 200
    assert sign_in(code_auth=person.code_auth) == 200
    assert "1 sealed again, 0 keys dropped, 2 kept" in kept.prune("pepper", 0)
    assert "0 sealed again, 1 keys dropped, 1 kept" in kept.prune("pepper", 2)
    assert "1 keys dropped, 1 kept" in kept.prune("signin", 2)
    assert (kept.kids("signin"), kept.kids("pepper")) == (["k2"], ["k2"])
    assert sign_in(auth=person.auth) == 200
    row = Credentials.objects.get()
    assert credentials.open_pepper(row.pepper_kid, person.uid, row.pepper) == person.pepper


def test_what_lives_for_minutes_is_good_until_its_key_is_dropped(kept: Keys) -> None:
    now, settings = now_ms(), kept.settings
    who = {"uid": bytes(16), "session": bytes(16), "device": bytes(16), "signing_key": bytes(32)}
    token = tokens.make(settings.SECRETS["live"], **who, now_ms=now)
    upload = tickets.Ticket(tickets.Upload(bytes(16), bytes(16), bytes(16), 1, 1), bytes(16))
    ticket, _ = tickets.make(settings.SECRETS["ticket"], upload, now_ms=now, random=bytes(16))
    kept.rotate("live", "ticket")
    for days, gone in ((1, False), (2, True)):
        kept.prune("live", days)
        kept.prune("ticket", days)
        if gone:
            with pytest.raises(BadProof, match="not ours"):
                tokens.check(settings.SECRETS["live"], token, now)
            with pytest.raises(BadProof, match="not ours"):
                tickets.check(settings.SECRETS["ticket"], ticket, now)
        else:
            assert tokens.check(settings.SECRETS["live"], token, now).uid == bytes(16)
            assert tickets.check(settings.SECRETS["ticket"], ticket, now) == upload


def test_a_nonce_of_the_old_key_is_good(kept: Keys, person: Person) -> None:
    browser = person.browsers[0]
    before, dropped = browser.nonce(), browser.nonce()
    kept.rotate("nonce")
    proof = browser.proof("GET", "/api/wraps", b"", before)
    assert browser.send("GET", "/api/wraps", b"", {"X-Device-Proof": proof}).status == 200
    kept.prune("nonce", 2)
    proof = browser.proof("GET", "/api/wraps", b"", dropped)
    assert browser.send("GET", "/api/wraps", b"", {"X-Device-Proof": proof}).status != 200


def test_tags_of_messages_are_verified_for_thirteen_months(kept: Keys) -> None:
    kept.rotate("franking")
    assert kept.kids("franking") == ["k2", "k1"]
    assert "0 keys dropped, 2 kept" in kept.prune("franking", 396)
    waiting = Report.objects.create(
        report=bytes(16), reporter=bytes(16), peer=b"p" * 16, reason=1, kid="k1", mids=b"",
        sealed=b"", made=now_ms() - 10 * 86_400_000,
    )  # fmt: skip
    assert "0 keys dropped" in kept.prune("franking", 397)
    waiting.state = State.DECIDED  # against which they may appeal
    waiting.save()
    assert "0 keys dropped" in kept.prune("franking", 397)
    waiting.sealed = None
    waiting.save()
    assert "1 keys dropped" in kept.prune("franking", 397)
    assert "k1" not in dict(kept.settings.SECRETS["franking"])  # moderation/reports.py looks here


def test_reports_open_until_they_are_erased_and_the_identity_stays(
    kept: Keys, person: Person
) -> None:
    kept.settings.TAKES_REPORTS = True
    before, seed = keys.published(), keys.seed("k1")
    row = Report.objects.create(
        report=bytes(16), reporter=person.uid, peer=b"p" * 16, reason=1, kid="k1", mids=b"",
        sealed=b"x", made=now_ms(),
    )  # fmt: skip
    said = kept.run("moderation")  # no restart
    after = keys.published()
    assert "Restart" not in said
    assert before
    assert after
    assert (before.key().kid, after.key().kid) == ("k1", "k2")
    _, signer = env.secret(kept.folder, "moderation-id")[0]
    assert before.identity == after.identity == identity(signer)
    assert keys.seed("k1") == seed
    assert "0 keys dropped" in kept.prune("moderation", 400)
    row.sealed = None
    row.save()
    assert "0 keys dropped" in kept.prune("moderation", 90)
    assert "1 keys dropped" in kept.prune("moderation", 91)
    assert keys.seed("k1") is None


def test_the_audit_log_holds_across_keys(kept: Keys) -> None:
    audit.write("erin", "looked", "x", {})
    kept.rotate("audit")
    audit.write("erin", "looked", "y", {})
    assert audit.verify().entries == 3
    assert {entry.kid for entry in Audit.objects.all()} == {"k1", "k2"}
    assert "0 keys dropped, 2 kept" in kept.prune("audit", 4000)
    assert Audit.objects.filter(action="secret_rotated", object="audit").exists()
    assert audit.verify().entries == 3


def test_staff_stay_in_and_their_apps_and_codes_count(kept: Keys, admin: None) -> None:
    user = User.objects.create(username="erin", is_staff=True)
    roles.give(user, "operator")
    client = staff.entered(user)
    secret, [code, *_] = factors.secret_of(Totp.objects.get()), factors.new_codes(user)
    kept.rotate("totp", "django")
    assert client.get("/people/").status_code == 200
    assert "1 sealed again, 0 keys dropped" in kept.prune("totp", 9)
    assert factors.secret_of(Totp.objects.get()) == secret
    assert factors.proved(user, code)
    Codes.objects.all().delete()
    assert "0 sealed again, 1 keys dropped" in kept.prune("totp", 9)
    assert factors.secret_of(Totp.objects.get()) == secret


def test_a_session_ends_with_the_last_key_that_signed_it(kept: Keys, admin: None) -> None:
    user = User.objects.create(username="erin", is_staff=True)
    roles.give(user, "operator")
    client, idle = staff.entered(user), Client(SERVER_NAME=staff.ADMIN)
    idle.cookies.update(client.cookies)
    kept.rotate("django")
    assert "0 keys dropped" in kept.prune("django", 90)
    assert "1 keys dropped" in kept.prune("django", 91)
    assert idle.get("/people/").status_code == 302


def test_of_several_processes_each_knows_a_key_before_one_uses_it(kept: Keys) -> None:
    kept.settings.ENGINE = "distributed"
    with pytest.raises(CommandError, match="--announce live"):
        kept.run("live")
    assert "k2 is announced" in kept.run("live", "--announce")
    assert "k2 is announced" in kept.run("live", "--announce")
    assert kept.kids("live") == ["k1", "k2"]
    announced = env.secret(kept.folder, "live")
    kept.prune("live", 400)
    assert env.secret(kept.folder, "live") == announced
    assert "Copy var/secrets" in kept.run("live")
    used = env.secret(kept.folder, "live")
    assert kept.kids("live") == ["k2", "k1"]
    who = {"uid": bytes(16), "session": bytes(16), "device": bytes(16), "signing_key": bytes(32)}
    for ours, theirs in ((announced, used), (used, announced)):  # during the restart of all
        token = tokens.make(ours, **who, now_ms=now_ms())
        assert tokens.check(theirs, token, now_ms()).uid == bytes(16)
    kept.run("moderation")  # is read when it is needed


def test_a_dry_run_and_a_list_change_nothing(kept: Keys) -> None:
    before = {path.name: path.read_bytes() for path in kept.folder.iterdir()}
    for words in ([], ["all"], ["all", "--announce"], ["all", "--prune"]):
        said = kept.run(*words, *(["--dry-run"] if words else []))
        assert all(name in said for name in ROTATED)
    assert before == {path.name: path.read_bytes() for path in kept.folder.iterdir()}
    assert not Audit.objects.exists()


def test_what_cannot_be_rotated_says_why_and_nothing_is_touched(kept: Keys) -> None:
    for name, why in FIXED.items():
        with pytest.raises(CommandError, match="never rotated") as refused:
            kept.run("live", name)
        assert why in str(refused.value)
    with pytest.raises(CommandError, match="There is no secret 'none'"):
        kept.run("none")
    assert kept.kids("live") == ["k1"]
    (kept.folder / "live").write_text("k1:x")
    with pytest.raises(CommandError, match="live has a line"):
        kept.run("live")


def test_each_secret_is_either_rotated_or_said_to_be_none(kept: Keys) -> None:
    made = {*make_secrets.PURPOSES, make_secrets.MODERATION, make_secrets.MODERATION_ID}
    assert {*ROTATED, *FIXED} == made


@pytest.fixture
def running(kept: Keys) -> Iterator[None]:
    """A site listens for its operator, in another thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(control.start(), loop).result()
    yield
    asyncio.run_coroutine_threadsafe(control.stop(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.run_until_complete(rest())
    loop.close()


async def rest() -> None:
    """What was answered last is hung up, too."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.sleep(0)


def test_no_row_is_sealed_to_a_key_that_the_running_site_does_not_know(
    kept: Keys, person: Person, running: None
) -> None:
    kept.rotate("pepper")
    with pytest.raises(CommandError, match="Restart it first"):
        kept.run("pepper", "--prune")
    os.utime(control.path())  # it started later
    assert "1 sealed again" in kept.run("pepper", "--prune")
    long_ago = datetime.now(UTC).date() - timedelta(2)
    path = kept.folder / "pepper"
    lines = keyfile.parse(path.read_text())
    keyfile.write(
        path, "".join(f"{replace(one, replaced=one.replaced and long_ago)}\n" for one in lines)
    )
    os.utime(path, (0, 0))
    for dropped in (1, 0):  # that a key is dropped makes none new
        assert f"{dropped} keys dropped" in kept.run("pepper", "--prune")


def test_a_spoilt_row_stays_and_is_counted(kept: Keys, person: Person) -> None:
    kept.rotate("pepper")
    Credentials.objects.update(pepper_kid="lost")
    assert "1 rows were sealed by a key that is not there" in kept.run("pepper", "--prune")
    assert Credentials.objects.get().pepper_kid == "lost"


def test_lines_that_an_operator_wrote_are_kept_and_dated(kept: Keys) -> None:
    path = kept.folder / "live"
    path.write_text(f"{keyfile.new('k2')}\n{keyfile.new('k1')}\n")
    assert "0 keys dropped, 2 kept" in kept.run("live", "--prune")
    kept.rotate("live")
    today = datetime.now(UTC).date()
    read = [(line.kid, line.replaced) for line in keyfile.parse(path.read_text())]
    assert read == [("k3", None), ("k2", today), ("k1", today)]
