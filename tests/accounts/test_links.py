"""Moving a device list on: who may, what must come with it, and who wins."""

from typing import Any

import pytest

from accounts import devices, protocol
from accounts.models import Device, SessionRecord
from chatsite.edge.wire import encoder
from chatsite.running.clock import now_ms
from e2ee.encoding import from_base64, to_base64
from e2ee.records import parse_link
from testkit.client.m1 import devicelist, userkeys, vault
from testkit.client.m1.keys import DeviceKeys, SigningKey
from tests.accounts.people import Browser, Person, changed, post, second_browser

pytestmark = pytest.mark.django_db


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


@pytest.mark.parametrize("listener", ["hear", "hear_later"])
def test_news_of_a_link_are_told_after_the_commit(
    alice: Person, browser: Browser, settings, django_capture_on_commit_callbacks, listener: str
):
    settings.DIRECTORY_CHANGED = f"tests.accounts.test_links.{listener}"
    heard.clear()
    with django_capture_on_commit_callbacks(execute=True):
        assert post(browser, alice.link_adding(DeviceKeys())).status == 200
        assert heard == []
    assert heard == [(alice.uid, 2)]


heard: list[tuple[bytes, int]] = []


def hear(uid: bytes, k: int) -> None:
    heard.append((uid, k))


async def hear_later(uid: bytes, k: int) -> None:
    hear(uid, k)


def test_news_that_cannot_be_told_are_lost_and_the_link_is_not(
    alice: Person, browser: Browser, settings, django_capture_on_commit_callbacks, caplog
):
    settings.DIRECTORY_CHANGED = "tests.accounts.test_links.deaf"
    with django_capture_on_commit_callbacks(execute=True):
        assert post(browser, alice.link_adding(DeviceKeys())).status == 200
    assert "Error calling" in caplog.text
    assert devices.newest_links([alice.uid])[alice.uid].k == 2


def deaf(uid: bytes, k: int) -> None:
    raise ConnectionError
