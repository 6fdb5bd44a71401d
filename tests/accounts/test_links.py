"""Moving a device list on: who may, what must come with it, and who wins."""

from typing import Any

import pytest

from accounts import devices, protocol
from accounts.clock import now_ms
from accounts.models import Device, Factor, PrevBox, SessionRecord, UserKeyWrap, Vault
from accounts.signals import device_revoked, session_ended
from accounts.wire import encoder
from e2ee.encoding import from_base64, to_base64
from e2ee.records import RECOVERY_DEVICE, parse_link
from tests.accounts.people import Browser, Person
from tests.client.m1 import devicelist, userkeys, vault
from tests.client.m1.keys import DeviceKeys, KemKey, SigningKey

pytestmark = pytest.mark.django_db


def post(browser: Browser, body: protocol.NewLink):
    return browser.call("POST", "/api/links", body)


def changed(body: protocol.NewLink, **members) -> protocol.NewLink:
    return protocol.NewLink(**{n: getattr(body, n) for n in body.__struct_fields__} | members)


def second_browser(person: Person) -> Browser:
    browser, _ = person.sign_in()
    answer = person.enrol(browser)
    assert answer.status == 200, answer.raw
    return browser


def test_a_second_browser_enrols_and_opens_the_user_key(alice: Person):
    browser, _ = alice.sign_in()
    stored = browser.call("GET", "/api/vault").json
    kek = vault.password_kek(alice.pw, uid=alice.uid, pepper=alice.pepper)
    factor = next(each for each in stored["factors"] if each["type"] == 2)
    root = vault.unwrap_root(
        kek, from_base64(factor["wrap"]), uid=alice.uid, kind=2, factor=from_base64(factor["id"])
    )
    aik, recovery = vault.open_vault(
        root, from_base64(stored["vault"]["box"]), uid=alice.uid, version=1
    )
    assert (aik, recovery) == (alice.aik.seed, alice.recovery.seed)
    answer = alice.enrol(browser)
    assert answer.json["head"] == [2, to_base64(alice.head.hash)]
    assert answer.json["token"]
    wraps = browser.call("GET", "/api/wraps").json["wraps"]
    mine = next(each for each in wraps if from_base64(each["device"]) == browser.keys.id)
    opened = userkeys.open_wrap(
        alice.head, browser.keys.id, browser.keys.kem, from_base64(mine["wrap"])
    )
    assert opened.seed == alice.user_keys[-1].seed
    assert mine["k"] == 2


def test_an_enrolled_browser_may_do_what_the_first_may(alice: Person):
    browser = second_browser(alice)
    assert browser.call("GET", "/api/notes").status == 200
    assert browser.call("POST", "/api/live-token", prove=False).status == 200


def test_a_grant_enrols_one_browser_only(alice: Person):
    browser, _ = alice.sign_in()
    grant = browser.grant
    assert alice.enrol(browser).status == 200
    browser.grant = grant
    assert post(browser, alice.link_adding(DeviceKeys())).code == "grant"


def test_the_grant_needs_the_proof_of_the_new_device(alice: Person):
    browser, _ = alice.sign_in()
    body = alice.link_adding(browser.keys)
    raw = encoder.encode(body)
    grant = {"X-Enrolment": to_base64(browser.grant or b"")}
    assert browser.send("POST", "/api/links", raw, grant).code == "proof"
    foreign = browser.proof("POST", "/api/links", raw, keys=DeviceKeys())
    assert browser.send("POST", "/api/links", raw, grant | {"X-Device-Proof": foreign}).code == (
        "proof"
    )
    assert post(browser, body).status == 200


def test_the_listed_device_must_be_the_one_that_signs(alice: Person):
    """A thief with the AIK and a grant cannot have an old device sign for a new one."""
    browser, _ = alice.sign_in()
    body = alice.link_adding(DeviceKeys())
    old = alice.browsers[0].keys
    raw = encoder.encode(body)
    headers = {
        "X-Device-Proof": browser.proof("POST", "/api/links", raw, keys=old),
        "X-Enrolment": to_base64(browser.grant or b""),
    }
    assert browser.send("POST", "/api/links", raw, headers).code == "bad_link"


def test_mallory_cannot_move_alices_list(alice: Person, mallory: Person):
    body = alice.link_adding(DeviceKeys())
    assert post(mallory.browsers[0], body).status == 400
    assert post(alice.browsers[0], body).status == 200


def test_a_thief_of_an_unlocked_browser_cannot_sign_links(alice: Person, browser: Browser):
    forged = devicelist.next_link(
        alice.head, aik=SigningKey(), devices=alice.head.devices, ms=now_ms()
    )
    assert post(browser, protocol.NewLink(link=forged)).code == "refused"


def test_adding_needs_a_fresh_unlock(alice: Person, browser: Browser):
    SessionRecord.objects.update(unlocked=now_ms() - 600_001)
    body = alice.link_adding(DeviceKeys())
    assert post(browser, body).code == "unlock"
    assert browser.call("POST", "/api/unlock", protocol.Unlock(auth=alice.auth)).status == 200
    assert post(browser, body).status == 200


def test_two_links_at_once_one_wins(alice: Person, browser: Browser):
    first, second = alice.link_adding(DeviceKeys()), alice.link_adding(DeviceKeys())
    assert post(browser, first).status == 200
    lost = post(browser, second)
    assert lost.status == 409
    assert from_base64(lost.json["link"]) == first.link
    again = post(browser, first)
    assert again.status == 200
    assert again.json["head"] == [2, to_base64(parse_link(first.link).hash)]
    assert Device.objects.count() == 2


def test_the_loser_of_an_enrolment_keeps_its_grant(alice: Person, browser: Browser):
    late, _ = alice.sign_in()
    mine = alice.link_adding(late.keys)
    other = alice.link_adding(DeviceKeys())
    assert post(browser, other).status == 200
    lost = post(late, mine)
    assert lost.status == 409
    alice.head = parse_link(from_base64(lost.json["link"]))
    assert alice.enrol(late).status == 200


def test_a_link_from_the_future_or_with_a_wrong_hash(alice: Person, browser: Browser):
    common: dict[str, Any] = {
        "uid": alice.uid, "aik": alice.aik, "devices": alice.head.devices, "g": 1, "ms": 1,
        "user_key": alice.head.user_key, "recovery_key": alice.head.recovery_key,
    }  # fmt: skip
    good = devicelist.build_link(k=2, previous_hash=alice.head.hash, flags=0, **common)
    for changes in (
        {"k": 3, "previous_hash": alice.head.hash, "flags": 0},
        {"k": 2, "previous_hash": bytes(32), "flags": 0},
        {"k": 2, "previous_hash": alice.head.hash, "flags": 1},
        {"k": 2, "previous_hash": alice.head.hash, "flags": 2},
        {"k": 2, "previous_hash": alice.head.hash, "flags": 4},
    ):
        bad = devicelist.build_link(**common | changes)
        assert post(browser, protocol.NewLink(link=bad)).code == "refused", changes
    assert post(browser, protocol.NewLink(link=good)).status == 200


def test_nobody_listed_is_left_without_the_user_key(alice: Person, browser: Browser):
    good = alice.link_adding(DeviceKeys())
    for wraps in ([], [*good.wraps, *good.wraps], alice.wraps(alice.head, browser.keys.id)):
        assert post(browser, changed(good, wraps=wraps)).code == "bad_link"
    assert post(browser, changed(good, prev_box=b"p" * 60)).code == "bad_link"
    assert post(browser, good).status == 200


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


def test_a_revoked_device_is_out_at_once(alice: Person, browser: Browser):
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
        assert post(browser, alice.link_revoking(second.keys)).status == 200
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


def test_a_receiver_that_fails_leaves_everything_as_it_was(alice: Person, browser: Browser):
    """Messages first, accounts second: the caller repeats the step."""
    second = second_browser(alice)
    body = alice.link_revoking(second.keys)

    def broken(**_):
        raise RuntimeError("no message side")

    device_revoked.connect(broken)
    try:
        with pytest.raises(RuntimeError):
            post(browser, body)
    finally:
        device_revoked.disconnect(broken)
    assert second.call("GET", "/api/notes").status == 200
    assert Vault.objects.get().version == 1
    assert post(browser, body).status == 200


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


def test_a_listed_device_keeps_its_keys(alice: Person, browser: Browser):
    swapped = devicelist.listed(DeviceKeys(id=browser.keys.id), 1)
    link = alice.next_link([swapped])
    assert post(browser, protocol.NewLink(link=link.raw)).code == "bad_link"


def test_twenty_devices_and_room_made_by_signing_one_out(alice: Person, browser: Browser):
    extra = [DeviceKeys() for _ in range(19)]
    listed = [*alice.head.devices, *(devicelist.listed(keys, 1) for keys in extra)]
    link = alice.next_link(listed)
    wraps = alice.wraps(link, *(keys.id for keys in extra))
    assert post(browser, protocol.NewLink(link=link.raw, wraps=wraps)).status == 200
    alice.head = link
    late, _ = alice.sign_in()
    too_many = devicelist.next_link(
        link, aik=alice.aik, devices=[*link.devices, devicelist.listed(late.keys, 1)], ms=1
    )
    assert post(late, protocol.NewLink(link=too_many)).status == 400
    assert late.call("DELETE", f"/api/sessions/{extra[0].id.hex()}").status == 200
    links = late.call("GET", "/api/links").json
    assert links["gone"] == [to_base64(extra[0].id)]
    alice.head = parse_link(from_base64(links["links"][-1]))
    kept = [each for each in alice.head.devices if each.id != extra[0].id]
    link = alice.next_link([*kept, devicelist.listed(late.keys, 1)])
    assert len(link.devices) == 20
    answer = post(late, protocol.NewLink(link=link.raw, wraps=alice.wraps(link, late.keys.id)))
    assert answer.status == 200


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


def test_news_of_a_link_are_told_after_the_commit(
    alice: Person, browser: Browser, settings, django_capture_on_commit_callbacks
):
    settings.DIRECTORY_CHANGED = "tests.accounts.test_links.hear"
    heard.clear()
    with django_capture_on_commit_callbacks(execute=True):
        assert post(browser, alice.link_adding(DeviceKeys())).status == 200
        assert heard == []
    assert heard == [(alice.uid, 2)]


heard: list[tuple[bytes, int]] = []


async def hear(uid: bytes, k: int) -> None:
    heard.append((uid, k))


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
