"""An account goes, for good; the other keeps what they have."""

from io import StringIO
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.management import CommandError, call_command

from accounts import closing, profile, protocol, signin, suspending
from accounts.closing import Deletion
from accounts.models import (
    Credentials,
    Device,
    Factor,
    Mailbox,
    Note,
    SessionRecord,
    User,
    Vault,
)
from accounts.suspending import FOREVER, Kind, Reason
from chatsite.checking import store as checking
from chatsite.edge.refusals import Refusal
from chatsite.edge.wire import Id
from chatsite.leaving import deletion, views
from chatsite.leaving import protocol as leaving
from chatsite.running.clock import now_ms
from chatsite.running.progress import Progress
from media import rows as blob_rows
from media.models import Blob, State
from messaging import connections, http
from messaging.backends import connection_store, log, tables
from messaging.backends.sql.models import Contact
from messaging.domain import Gone
from messaging.models import Invite
from moderation.models import Audit
from presence.models import LastSeen
from tests.accounts.people import Answer, Browser, Person, second_browser
from tests.accounts.test_standing import standing
from tests.chatsite.leaving.test_export import lock, talked
from tests.contracts.adapters import Chat
from tests.faulty import Away, faulty
from tests.messaging.test_views import act, befriend, call

CLOSED, BLOCKED = 4, 5
LONG = 1e9  # seconds


def delete(who: Person, erase: Any = False, **more: Any) -> Answer:
    return call(who, "POST", "/api/deletion", leaving.DeleteAccount(erase=erase), **more)


def step(receipt: bytes, by: Browser | None = None) -> Answer:
    body = leaving.AskReceipt(receipt=Id(receipt))
    return (by or Browser()).call("POST", "/api/deletion/step", body, prove=False)


def finished(who: Person, *, erase: bool = False) -> dict[str, Any]:
    begun = delete(who, erase=erase)
    assert begun.status == 200, begun.raw
    done = step(begun.bytes("receipt")).json
    assert done["ended"]
    return done


def texts(chat: Chat) -> list[bool]:
    rows = async_to_sync(log().page)(chat.conv, 50, now_ms(), after=0)
    return [row.text is not None for row in rows]


def test_it_is_over_at_once_and_nothing_is_left(ann: Person, ben: Person) -> None:
    laptop = second_browser(ann)
    call(ann, "POST", "/api/invites", http.MakeInvite(connects=True))
    chat = talked(ann, ben, lines=4)
    user = User.objects.get(uid=ann.uid)
    Blob.objects.create(
        blob=ann.uid, owner=ann.uid, conv=chat.conv, size=9, part=9, changed=now_ms()
    )
    done = finished(ann)
    assert (done["sessions"], done["devices"], done["invites"], done["files"]) == (2, 2, 1, 1)
    assert (done["conversations"], done["messages"], done["name"]) == (1, 0, ann.name)
    for browser in (ann.browsers[0], laptop):
        assert browser.call("GET", "/api/notes", prove=False).status == 401
    assert ann.sign_in()[1].code == "wrong"
    for model in (SessionRecord, Credentials, Vault, Factor, Note, Invite):
        assert not model.objects.filter(user=user).exists()  # type: ignore[attr-defined]
    user.refresh_from_db()
    assert (user.is_active, user.display_name, user.username) == (False, "", ann.name)
    assert Blob.objects.get(owner=ann.uid).state == State.DELETING
    assert blob_rows.used_by(ann.uid) == 0
    assert not Device.objects.filter(user=user, gone_at=None).exists()
    assert texts(chat) == [True] * 4


def test_one_is_deleted_at_a_time_and_the_rest_hold_no_thread(ann: Person) -> None:
    receipt = delete(ann).bytes("receipt")
    with views._stepping:
        late = step(receipt)
    assert (late.status, late.code, late.headers["Retry-After"]) == (503, "busy", "5")
    assert step(receipt).json["ended"]


def test_the_other_keeps_what_they_have_and_writes_no_more(ann: Person, ben: Person) -> None:
    talked(ann, ben, lines=2)
    finished(ann)
    [row] = call(ben, "GET", "/api/connections").json["connections"]
    assert (row["state"], row["peer"]["name"], row["peer"]["display_name"]) == (CLOSED, "", "")
    wanted = protocol.ListWanted(uid=Id(ann.uid), after=0)
    lists = call(ben, "POST", "/api/links/read", protocol.ReadLists(lists=[wanted])).json["lists"]
    assert [one["head"][0] for one in lists] == [1]  # what she wrote can be verified still
    assert act(ben, ann, "request").status == 404
    assert call(ben, "POST", "/api/people", http.FindPerson(name=ann.name)).status == 404
    assert act(ben, ann, "block", CLOSED).json["state"] == BLOCKED
    assert act(ben, ann, "unblock", BLOCKED).json["state"] == CLOSED


def test_what_they_sent_goes_where_they_wish(ann: Person, ben: Person) -> None:
    chat = talked(ann, ben, lines=120)
    done = finished(ann, erase=True)
    assert (done["conversations"], done["messages"]) == (1, 60)
    rows = async_to_sync(log().page)(chat.conv, 50, now_ms(), after=0)
    assert {row.gone for row in rows if row.sender == ann.uid} == {Gone.ERASED}
    assert {row.gone for row in rows if row.sender == ben.uid} == {None}


def test_it_comes_to_its_end_where_a_log_is_damaged(ann: Person, ben: Person) -> None:
    """Who reads such a log as people do hears of the hole."""
    chat = talked(ann, ben, lines=4)
    with faulty("MESSAGE_LOG") as store, store.raising("page"):
        assert finished(ann, erase=True)["messages"] == 2
    assert texts(chat) == [False, True, False, True]


def test_cut_off_it_goes_on_where_it_was(ann: Person, ben: Person, eve: Person) -> None:
    chat = talked(ann, ben, lines=120)
    befriend(eve, ann)
    begun = delete(ann, erase=True)
    row = closing.of_receipt(begun.bytes("receipt"))
    assert row is not None
    stale = closing.of_receipt(row.receipt)
    async_to_sync(deletion.go_on)(row, 0)  # one piece of the work
    row = closing.of_receipt(row.receipt)
    assert row is not None
    assert stale is not None
    assert row.ended is None
    assert row.conversations + row.messages > 0
    async_to_sync(deletion.go_on)(stale, 0)  # by somebody who does not know of that
    done = async_to_sync(deletion.go_on)(row, LONG)
    assert done.ended is not None
    assert (done.conversations, done.messages) == (2, 60)
    assert delete(ann, prove=False).status == 401
    again = closing.begin(User.objects.get(uid=ann.uid), erase=False, now_ms=now_ms())
    assert again.receipt == done.receipt
    assert texts(chat)[:4] == [False, True, False, True]


def test_the_server_goes_on_where_nobody_asks(ann: Person, ben: Person) -> None:
    befriend(ann, ben)
    begun = delete(ann)
    async_to_sync(deletion.look)()
    row = closing.of_receipt(begun.bytes("receipt"))
    assert row is not None
    assert row.ended
    LastSeen.objects.create(user=ann.uid, seen=now_ms())  # by a node that heard of it late
    async_to_sync(deletion.look)()
    assert not LastSeen.objects.filter(user=ann.uid).exists()


def test_one_that_fails_holds_up_no_other(ann: Person, ben: Person) -> None:
    receipts = [delete(who).bytes("receipt") for who in (ann, ben)]
    with faulty("CONNECTION_STORE") as store, store.failing("contacts", Away()) as left:
        async_to_sync(deletion.look)()
    assert not left
    first, second = (closing.of_receipt(receipt) for receipt in receipts)
    assert first is not None
    assert second is not None
    assert (first.ended is None, second.ended is None) == (True, False)
    async_to_sync(deletion.look)()


def test_a_pair_that_was_half_closed_is_closed_for_both(ann: Person, ben: Person) -> None:
    """A store in partitions failed between the pair and its rows."""
    befriend(ann, ben)
    async_to_sync(connections.leave)(ann.uid, ben.uid, now_ms())
    Contact.objects.filter(owner__in=[ann.uid, ben.uid]).update(state=3)
    assert [row["state"] for row in call(ben, "GET", "/api/connections").json["connections"]] == [3]
    finished(ann)
    assert [row["state"] for row in call(ben, "GET", "/api/connections").json["connections"]] == [4]


def test_what_was_under_way_when_it_began_leaves_nothing(
    ann: Person, caplog: pytest.LogCaptureFixture
) -> None:
    begun = delete(ann)
    user = User.objects.get(uid=ann.uid)
    Note.objects.create(user=user, peer=ann.uid, g=1, version=1, note=bytes(284))
    Mailbox.objects.create(user=user, address="ann@example.org")
    profile.rename(user, "Ann")
    async_to_sync(deletion.look)()
    assert not Note.objects.filter(user=user).exists()
    assert not Mailbox.objects.filter(user=user).exists()
    assert User.objects.get(uid=ann.uid).display_name == ""
    assert begun.bytes("receipt").hex() not in caplog.text  # with it anybody asks for the name


def test_nobody_signs_in_to_what_is_deleted_meanwhile(ann: Person) -> None:
    row = signin.check(protocol.SignIn(name=ann.name, auth=ann.auth), now_ms())
    delete(ann)
    with pytest.raises(Refusal) as refused:
        signin.hold_proved(row, ann.auth, None)
    assert refused.value.code == "wrong"


def test_every_pair_is_closed_whatever_it_was(ann: Person, ben: Person, eve: Person) -> None:
    act(ann, ben, "request")
    act(eve, ann, "request")
    finished(ann)
    for other in (ben, eve):
        pair = async_to_sync(connection_store().pair)(ann.uid, other.uid)
        assert pair is not None
        assert pair.seen_by(other.uid) == CLOSED
    assert [row["state"] for row in call(eve, "GET", "/api/connections").json["connections"]] == [4]


def test_the_name_is_nobody_elses(ann: Person) -> None:
    finished(ann)
    for name in (ann.name, ann.name.upper()):
        answer = Browser().call(
            "POST", "/api/sign-up/start", protocol.SignUpStart(name=name), prove=False
        )
        assert answer.code == "taken"
    with pytest.raises(CommandError):
        call_command("reset_account", ann.name)
    with pytest.raises(CommandError):
        call_command("suspend", ann.name, "--undo")
    assert not User.objects.get(uid=ann.uid).is_active


def test_their_browsers_hear_that_they_are_gone(ann: Person) -> None:
    keys = ann.browsers[0].keys
    finished(ann)
    assert standing(ann.uid, keys) == "gone"


def test_nobody_else_deletes_it(ann: Person, ben: Person) -> None:
    lock(ann)
    assert delete(ann).code == "unlock"
    assert call(ann, "POST", "/api/unlock", protocol.Unlock(auth=ben.auth)).code == "wrong"
    assert delete(ann).code == "unlock"
    assert call(ann, "POST", "/api/unlock", protocol.Unlock(auth=ann.auth)).status == 200
    assert delete(ann, prove=False).code == "proof"
    assert delete(ann, **{"X-CSRFToken": "b" * 32}).status == 403
    assert delete(ann, Origin="https://elsewhere.example").status == 403
    ben.browsers[0].http.cookies = ann.browsers[0].http.cookies  # without her keys
    assert delete(ben).code == "proof"
    assert step(b"\x01" * 16).status == 404
    assert not Deletion.objects.filter(user__uid__in=[ann.uid, ben.uid]).exists()


def test_somebody_who_is_suspended_may_go(ann: Person) -> None:
    user = User.objects.get(uid=ann.uid)
    suspending.suspend(
        user, Kind.ALL, until=FOREVER, reason=Reason.SPAM, decision=ann.uid, now_ms=now_ms()
    )
    assert finished(ann)["name"] == ann.name


def test_the_store_is_as_whole_as_before(ann: Person, ben: Person) -> None:
    chat = talked(ann, ben, lines=6)

    def faults() -> list[str]:
        found = async_to_sync(checking.check)(tables(), Progress(StringIO()))
        return [str(fault) for fault in found.faults if chat.conv.hex() in str(fault)]

    before = faults()
    finished(ann, erase=True)
    assert faults() == before


@pytest.mark.usefixtures("audited")
def test_by_the_operator(ann: Person, ben: Person) -> None:
    chat = talked(ann, ben, lines=4)
    assert "1 conversations be closed" in said(ann.name, "--dry-run")
    assert call(ann, "GET", "/api/notes").status == 200
    first = said(ann.name.upper(), "--erase-messages")
    assert "2 messages erased" in first
    assert texts(chat) == [False, True, False, True]
    assert first.splitlines()[-1] == said(ann.name).splitlines()[-1]  # the same receipt
    assert first.splitlines()[-1] == said(ann.name, "--dry-run").splitlines()[-1]
    assert {entry.object for entry in Audit.objects.all()} == {f"person {ann.uid.hex()}"}
    with pytest.raises(CommandError):
        said("nobody-at-all")


def said(*words: str) -> str:
    out = StringIO()
    call_command("delete_account", *words, stdout=out)
    return out.getvalue()
