"""An e-mail address of one's own: confirmed by a code, good for a reset, told to nobody."""

import re

import pytest
from django.core import mail as sent
from django.test import override_settings

from accounts import mail, mailbox, protocol
from accounts.models import Mailbox, ResetToken, SessionRecord
from tests.accounts.conftest import signed_up
from tests.accounts.people import Browser, Person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("mails")]
SETTLED = 20.0  # seconds


@pytest.fixture
def mails():
    with override_settings(MAIL=True):
        yield
        mail.settle(SETTLED)


def put(browser: Browser, address: str):
    return browser.call("PUT", "/api/email", protocol.NewEmail(address=address))


def confirm(browser: Browser, code: str):
    return browser.call("POST", "/api/email/confirm", protocol.EmailCode(code=code))


def mailed(pattern: str) -> str:
    """The last mail's only word of this form."""
    mail.settle(SETTLED)
    [found] = re.findall(pattern, str(sent.outbox[-1].body))
    return found


def with_mailbox(person: Person, address: str) -> None:
    assert put(person.browsers[0], address).status == 200
    assert confirm(person.browsers[0], mailed(r"\w{4}-\w{4}")).json["address"] == address


def ask_reset(name: str):
    answer = Browser().call("POST", "/api/reset/start", protocol.ResetStart(name=name), prove=False)
    mail.settle(SETTLED)
    return answer


def test_an_address_counts_once_its_code_came_back(alice: Person):
    [browser] = alice.browsers
    assert put(browser, "alice@example.org").json == {"mails": True, "wanted": "alice@example.org"}
    code = mailed(r"\w{4}-\w{4}")
    assert confirm(browser, "AAAA-AAAA").code == "wrong_code"
    assert confirm(browser, code.lower().replace("-", " ")).json["address"] == "alice@example.org"
    assert browser.call("GET", "/api/email").json == {"mails": True, "address": "alice@example.org"}
    assert confirm(browser, code).code == "wrong_code"


def test_until_then_the_one_before_stays_good(alice: Person):
    with_mailbox(alice, "old@example.org")
    assert put(alice.browsers[0], "new@example.org").json["address"] == "old@example.org"
    ask_reset("alice")
    assert sent.outbox[-1].to == ["old@example.org"]


def test_a_code_has_its_time(alice: Person):
    [browser] = alice.browsers
    put(browser, "alice@example.org")
    code = mailed(r"\w{4}-\w{4}")
    Mailbox.objects.update(expires=1)
    assert confirm(browser, code).code == "wrong_code"


def test_it_asks_the_password_first(alice: Person):
    SessionRecord.objects.update(unlocked=0)
    assert put(alice.browsers[0], "alice@example.org").code == "unlock"
    SessionRecord.objects.update(unlocked=2**50)
    assert put(alice.browsers[0], "alice@example.org").status == 200


@pytest.mark.parametrize("address", ["", "alice", "a@b@c.org", "a@example.org\nBcc: b@c.org"])
def test_what_is_no_address_gets_no_mail(alice: Person, address: str):
    assert put(alice.browsers[0], address).code == "bad_email"
    mail.settle(SETTLED)
    assert not sent.outbox


def test_nobodys_mailbox_is_filled(alice: Person):
    for _ in range(5):
        assert put(alice.browsers[0], "victim@example.org").status == 200
    mallory = signed_up("mallory")
    assert put(mallory.browsers[0], "Victim@example.org").code == "rate"
    assert put(mallory.browsers[0], "mallory@example.org").status == 200


def test_the_address_is_ones_own_business(alice: Person):
    with_mailbox(alice, "alice@example.org")
    mallory = signed_up("mallory")
    assert mallory.browsers[0].call("GET", "/api/email").json == {"mails": True}
    for read in ("/api/email", "/api/links"):
        assert b"alice@" not in mallory.browsers[0].call("GET", read).raw
    assert Browser().call("GET", "/api/email").code == "sign_in"


def test_it_is_removed(alice: Person):
    with_mailbox(alice, "alice@example.org")
    assert alice.browsers[0].call("DELETE", "/api/email").json == {"mails": True}
    before = len(sent.outbox)
    ask_reset("alice")
    assert len(sent.outbox) == before


def test_a_mailed_link_starts_the_account_over(alice: Person):
    with_mailbox(alice, "alice@example.org")
    assert ask_reset("  ALICE ").status == 200
    token = mailed(r"/reset#([0-9a-f]{64})")
    assert sent.outbox[-1].to == ["alice@example.org"]
    assert alice.start_over(bytes.fromhex(token)).status == 200
    assert alice.browsers[0].call("GET", "/api/email").json["address"] == "alice@example.org"


def test_the_answer_is_the_same_for_everybody(alice: Person):
    with_mailbox(alice, "alice@example.org")
    signed_up("bob")
    put(alice.browsers[0], "other@example.org")
    mail.settle(SETTLED)
    before = len(sent.outbox)
    answers = [ask_reset(name) for name in ("alice", "bob", "nobody", "")]
    assert {(each.status, each.raw) for each in answers} == {(200, b"{}")}
    assert len(sent.outbox) == before + 1


def test_three_mails_a_day(alice: Person):
    with_mailbox(alice, "alice@example.org")
    for _ in range(5):
        assert ask_reset("alice").status == 200
    assert ResetToken.objects.count() == 3


def test_a_site_without_mail_takes_no_address(alice: Person):
    with override_settings(MAIL=False):
        assert put(alice.browsers[0], "alice@example.org").code == "no_mail"
        assert alice.browsers[0].call("GET", "/api/email").json == {"mails": False}
        assert ask_reset("alice").status == 200
    assert put(alice.browsers[0], "alice@example.org").status == 200


def test_a_mail_server_that_is_away_hurts_nobody(alice: Person, caplog):
    with override_settings(EMAIL_BACKEND="tests.accounts.test_mailbox.Away"):
        assert put(alice.browsers[0], "alice@example.org").status == 200
        mail.settle(SETTLED)
    assert "a mail was not sent: ConnectionRefusedError" in caplog.text
    assert "alice@" not in caplog.text


class Away:
    def __init__(self, **_):
        pass

    def send_messages(self, messages):
        raise ConnectionRefusedError(f"no server for {messages[0].to}")


def test_codes_are_made_of_what_is_read_back_safely():
    assert not set(mailbox.ALPHABET) & set("OIL")
