"""What a link renews: generations, root, vault, code, password; and whom it puts out."""

import pytest

from accounts import devices, protocol
from accounts.models import Factor, PrevBox, UserKeyWrap, Vault
from accounts.signals import device_revoked, session_ended
from e2ee.encoding import from_base64
from e2ee.records import RECOVERY_DEVICE, parse_link
from testkit.client.m1 import devicelist, userkeys
from testkit.client.m1.keys import DeviceKeys, KemKey
from tests.accounts.people import Browser, Person, changed, post, second_browser

pytestmark = pytest.mark.django_db


def test_a_new_generation_is_sealed_to_all_and_to_recovery(alice: Person, browser: Browser):
    second = second_browser(alice)
    body = alice.link_revoking(second.keys)
    for wraps in (body.wraps[:1], body.wraps[1:]):
        assert post(browser, changed(body, wraps=wraps)).code == "bad_link"
    assert post(browser, changed(body, prev_box=None)).code == "bad_link"
    assert post(browser, body).status == 200
    answer = browser.call("GET", "/api/wraps").json
    rows = {(each["g"], from_base64(each["device"])): each["k"] for each in answer["wraps"]}
    mine = browser.keys.id
    assert rows == {
        (1, mine): 1, (1, RECOVERY_DEVICE): 1, (2, mine): 3, (2, RECOVERY_DEVICE): 3,
    }  # fmt: skip
    opened = userkeys.open_previous(
        alice.user_keys[-1].seed, from_base64(answer["prev_boxes"][0]["box"]), uid=alice.uid, g=2
    )
    assert opened == alice.user_keys[0].seed


def test_a_revoked_device_is_out_at_once(alice: Person, browser: Browser, committed):
    second = second_browser(alice)
    assert second.call("GET", "/api/notes").status == 200
    news: list[tuple[str, dict]] = []

    def on_device(**told):
        news.append(("device", told))

    def on_session(**told):
        news.append(("session", told))

    device_revoked.connect(on_device)
    session_ended.connect(on_session)
    try:
        with committed():
            assert post(browser, alice.link_revoking(second.keys)).status == 200
            assert news == []  # the message side hears what is so, and holds up no transaction
    finally:
        device_revoked.disconnect(on_device)
        session_ended.disconnect(on_session)
    assert [kind for kind, _ in news] == ["device", "session"]
    told = news[0][1]
    assert (told["uid"], told["device"], told["k"]) == (alice.uid, second.keys.id, 3)
    assert second.call("GET", "/api/nonce").code == "sign_in"
    assert not UserKeyWrap.objects.filter(device=second.keys.id).exists()
    newest = devices.newest_links([alice.uid])[alice.uid]
    assert (newest.k, newest.revoked_k) == (3, 3)
    found = devices.find_device(alice.uid, second.keys.id)
    assert found
    assert found.gone


def test_a_message_side_that_fails_undoes_nothing(
    alice: Person, browser: Browser, committed, caplog
):
    second = second_browser(alice)

    def broken(**_):
        raise RuntimeError("no message side")

    device_revoked.connect(broken)
    try:
        with committed():
            assert post(browser, alice.link_revoking(second.keys)).status == 200
    finally:
        device_revoked.disconnect(broken)
    assert "no message side" in caplog.text
    assert second.call("GET", "/api/nonce", prove=False).code == "sign_in"
    assert browser.call("GET", "/api/notes").status == 200


def test_a_revocation_renews_code_root_and_vault(alice: Person, browser: Browser):
    second = second_browser(alice)
    old_code = alice.code_auth
    body = alice.link_revoking(second.keys)
    assert body.factors
    for missing in (
        {"vault": None}, {"factors": None}, {"vault": None, "factors": None},
        {"vault": None, "factors": None, "code": None}, {"factors": body.factors[1:]},
    ):  # fmt: skip
        assert post(browser, changed(body, **missing)).status == 400
    assert post(browser, body).status == 200
    assert Browser().call(
        "POST", "/api/sign-in", protocol.SignIn(name="alice", code_auth=old_code), prove=False
    ).code == "wrong"  # fmt: skip
    assert alice.sign_in(code_auth=alice.code_auth)[1].status == 200
    assert alice.sign_in()[1].status == 200
    assert Vault.objects.get().version == 2
    assert Factor.objects.count() == 2
    assert PrevBox.objects.count() == 1


def test_a_vault_of_an_older_version_is_refused(alice: Person, browser: Browser):
    second = second_browser(alice)
    alice.vault_version = 0
    body = alice.link_revoking(second.keys)
    answer = post(browser, body)
    assert (answer.status, answer.code) == (409, "stale_vault")
    assert second.call("GET", "/api/notes").status == 200


def test_a_present_device_leaves_by_a_revocation_only(alice: Person, browser: Browser):
    second = second_browser(alice)
    mine = [each for each in alice.head.devices if each.id != second.keys.id]
    dropped = alice.next_link(mine)
    assert post(browser, protocol.NewLink(link=dropped.raw)).code == "bad_link"
    second.call("DELETE", "/api/sessions")
    assert post(browser, protocol.NewLink(link=dropped.raw)).status == 200


def test_the_device_that_asks_stays_on_the_list(alice: Person, browser: Browser):
    second_browser(alice)
    assert post(browser, alice.link_revoking(browser.keys)).code == "bad_link"


def test_a_new_browser_cannot_revoke_others(alice: Person):
    browser, _ = alice.sign_in()
    new = KemKey()
    link = alice.next_link([devicelist.listed(browser.keys, 1)], revokes=True, user_key=new.public)
    alice.user_keys.append(new)
    body = protocol.NewLink(
        link=link.raw, wraps=alice.wraps(link, browser.keys.id, RECOVERY_DEVICE), prev_box=b"p" * 60
    )
    assert post(browser, body).code == "bad_link"


def test_a_gone_device_does_not_come_back(alice: Person, browser: Browser):
    second = second_browser(alice)
    assert post(browser, alice.link_revoking(second.keys)).status == 200
    alice.head = parse_link(devices.newest_links([alice.uid])[alice.uid].link)
    third, _ = alice.sign_in()
    third.keys = second.keys
    assert post(third, alice.link_adding(second.keys)).code == "bad_link"
    third.keys = DeviceKeys()
    assert alice.enrol(third).status == 200


def test_a_forgotten_password_is_replaced_by_code(alice: Person):
    """Sign-in by code: password, code, root, vault and generation are renewed by the one link
    that enrols the browser."""
    old = alice.auth
    browser, _ = alice.sign_in(code_auth=alice.code_auth)
    alice.user_keys.append(KemKey())
    alice.recovery, alice.root, alice.pw = KemKey(), b"r" * 32, b"n" * 32
    alice.kdf_salt, alice.code_salt, alice.vault_version = b"k" * 16, b"c" * 16, 2
    everyone = [*alice.head.devices, devicelist.listed(browser.keys, 1)]
    link = alice.next_link(
        everyone, user_key=alice.user_keys[-1].public, recovery_key=alice.recovery.public
    )
    ids = [each.id for each in link.devices]
    body = protocol.NewLink(
        link=link.raw, wraps=alice.wraps(link, *ids, RECOVERY_DEVICE), prev_box=b"p" * 60,
        vault=alice.sealed_vault(), factors=alice.factors(), code=alice.code_values(),
        password=alice.password_values(),
    )  # fmt: skip
    no_factor = changed(body, factors=[alice.code_factor()])
    assert post(browser, no_factor).code == "bad_factors"
    assert post(browser, body).status == 200
    stale = protocol.SignIn(name="alice", auth=old)
    assert Browser().call("POST", "/api/sign-in", stale, prove=False).code == "wrong"
    assert alice.sign_in()[1].status == 200


def test_new_factors_come_with_the_vault_they_open(alice: Person, browser: Browser):
    body = changed(alice.link_adding(DeviceKeys()), factors=alice.factors())
    assert post(browser, body).code == "bad_factors"
    alice.vault_version = 2
    assert post(browser, changed(body, vault=alice.sealed_vault())).status == 200


def test_a_renewal_can_switch_the_password_off_and_must_switch_it_on_in_full(
    alice: Person, browser: Browser
):
    alice.vault_version = 2
    off = changed(
        alice.link_adding(DeviceKeys()), vault=alice.sealed_vault(), factors=[alice.code_factor()]
    )
    assert post(browser, off).status == 200
    assert alice.sign_in()[1].code == "wrong"
    alice.head, alice.vault_version = parse_link(off.link), 3
    on = changed(
        alice.link_adding(DeviceKeys()), vault=alice.sealed_vault(), factors=alice.factors()
    )
    assert post(browser, on).code == "bad_factors"
    assert post(browser, changed(on, password=alice.password_values())).status == 200
    assert alice.sign_in()[1].status == 200
