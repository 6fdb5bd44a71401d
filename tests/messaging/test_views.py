"""HTTP of the message side: what each endpoint needs, answers, and hides from outsiders."""

import secrets
from dataclasses import replace
from typing import Any

import pytest

from accounts import suspending
from accounts.models import User
from accounts.suspending import FOREVER, Kind, Reason
from chatsite.edge import limits
from chatsite.edge.limits import DAY, Limit
from chatsite.edge.wire import Body, Id
from chatsite.running.clock import now_ms
from e2ee import epochs as records
from e2ee.encoding import ZERO, to_base64
from messaging import http, views
from messaging.protocol import EPOCHS_MAX
from testkit.client.m1 import epochs as m1
from tests.accounts.people import Answer, Browser, Person
from tests.messaging.conftest import signed_up

ASKED, ASKS, CONNECTED, CLOSED, BLOCKED = range(1, 6)


def call(who: Person, method: str, path: str, body: Body | None = None, **more: Any) -> Answer:
    return who.browsers[0].call(method, path, body, **more)


def act(who: Person, peer: Person, action: Any, seen: int | None = None, **more: Any) -> Answer:
    body = http.Act(peer=Id(peer.uid), action=action, seen=seen, **more)
    return call(who, "POST", "/api/connections", body)


def states(who: Person) -> dict[str, int]:
    rows = call(who, "GET", "/api/connections").json["connections"]
    return {row["peer"]["name"]: row["state"] for row in rows}


def befriend(a: Person, b: Person) -> str:
    """Connected; the conversation's id as URLs have it."""
    act(a, b, "request")
    answer = act(b, a, "accept", ASKS)
    assert answer.status == 200
    return answer.bytes("conv").hex()


def first_epoch(creator: Person, peer: Person, conv: str) -> http.NewEpoch:
    low, high = sorted([creator.head, peer.head], key=lambda link: link.uid)
    epoch = m1.create(
        conn=bytes.fromhex(conv), n=0, parent=None, previous_hash=ZERO, low=low, high=high,
        creator=creator.uid, device=creator.browsers[0].keys, reason=records.FIRST, ms=1,
    )  # fmt: skip
    return http.NewEpoch(record=epoch.record.raw)


class TestPeople:
    def test_found_by_exact_name_with_a_name_and_nothing_else(self, ann, ben):
        answer = call(ann, "POST", "/api/people", http.FindPerson(name=f" {ben.name.upper()} "))
        assert answer.json == {
            "uid": to_base64(ben.uid),
            "name": ben.name,
            "display_name": ben.name.capitalize(),
        }

    @pytest.mark.parametrize("cut", [slice(0, -1), slice(1, None), slice(0, 0)])
    def test_not_by_a_part_of_it(self, ann, ben, cut):
        answer = call(ann, "POST", "/api/people", http.FindPerson(name=ben.name[cut]))
        assert (answer.status, answer.code) == (404, "unknown")

    def test_a_block_does_not_show(self, ann, ben):
        before = call(ann, "POST", "/api/people", http.FindPerson(name=ben.name))
        befriend(ann, ben)
        act(ben, ann, "block", CONNECTED)
        assert call(ann, "POST", "/api/people", http.FindPerson(name=ben.name)).raw == before.raw


class TestConnections:
    def test_from_request_to_talk(self, ann, ben):
        assert act(ann, ben, "request").json["state"] == ASKED
        assert (states(ann), states(ben)) == ({ben.name: ASKED}, {ann.name: ASKS})
        assert act(ben, ann, "accept", ASKS).json["state"] == CONNECTED
        assert states(ann) == {ben.name: CONNECTED}

    def test_who_may_not_ask_still_answers(self, ann, ben):
        act(ann, ben, "request")
        suspending.suspend(
            User.objects.get(uid=ben.uid), Kind.REQUESTS, until=FOREVER, reason=Reason.SPAM,
            decision=secrets.token_bytes(16), now_ms=now_ms(),
        )  # fmt: skip
        asked = act(ben, signed_up("cleo"), "request")
        assert (asked.status, asked.code, asked.json["reason"]) == (403, "restricted", Reason.SPAM)
        assert act(ben, ann, "accept", ASKS).json["state"] == CONNECTED

    def test_what_has_moved_on_is_a_409_with_the_row(self, ann, ben):
        act(ann, ben, "request")
        act(ann, ben, "withdraw", ASKED)
        answer = act(ben, ann, "accept", ASKS)
        assert (answer.status, answer.code) == (409, "moved")
        assert answer.json["connection"]["state"] == CLOSED

    def test_declined_blocked_and_unanswered_look_the_same(self, ann, ben):
        answers = []
        for no in (None, "decline", "block"):
            asker = signed_up("asker")
            act(asker, ann, "request")
            if no:
                assert act(ann, asker, no, ASKS).status == 200
            again = act(asker, ann, "request").json
            [row] = call(asker, "GET", "/api/connections").json["connections"]
            assert row == again
            answers.append({**row, "conv": "", "since": 0})
        assert answers[0] == answers[1] == answers[2]

    def test_nobody_is_asked_in_vain(self, ann, ben):
        stranger = Person("x", uid=secrets.token_bytes(16))
        for peer in (stranger, ann):
            answer = act(ann, peer, "request")
            assert (answer.status, answer.code) == (404, "unknown")
        assert states(ann) == {}

    def test_outsiders_change_nothing(self, ann, ben, eve):
        befriend(ann, ben)
        for action in ("accept", "decline", "reopen", "withdraw", "block", "unblock"):
            assert act(eve, ann, action, CONNECTED).status == 404
        assert act(eve, ann, "clear", CONNECTED, upto=0).status == 404
        assert (states(ann), states(eve)) == ({ben.name: CONNECTED}, {})

    def test_clear_says_up_to_where(self, ann, ben):
        befriend(ann, ben)
        assert act(ann, ben, "clear", CONNECTED).code == "bad_body"
        assert act(ann, ben, "clear", CONNECTED, upto=1).code == "bad_seq"
        assert act(ann, ben, "clear", CONNECTED, upto=0).json["cleared"] == 0

    def test_requests_are_limited_by_day(self, ann, monkeypatch):
        monkeypatch.setattr(views, "REQUESTS", Limit("requests", 3, DAY))
        monkeypatch.setattr(views, "REQUESTS_AT_FIRST", Limit("requests", 1, DAY))
        peers = [signed_up("peer") for _ in range(3)]
        assert [act(ann, peer, "request").status for peer in peers[:2]] == [200, 429]
        User.objects.filter(uid=ann.uid).update(joined=now_ms() - DAY * 1000)
        assert [act(ann, peer, "request").status for peer in peers[1:]] == [200, 429]


class TestInvites:
    def test_one_that_connects_is_made_shown_listed_and_accepted(self, ann, ben, eve):
        made = invite(ann, connects=True)
        assert made["url"].endswith(f"/invite#{made['token']}")
        shown = use(ben, "show", made)
        assert shown.json["peer"]["name"] == ann.name
        assert shown.json["connects"]
        [row] = call(ann, "GET", "/api/invites").json["invites"]
        assert (row["id"], row["connects"], row["uses"]) == (made["id"], True, 1)
        assert "token" not in row
        answer = use(ben, "accept", made)
        assert (answer.json["state"], answer.json["peer"]["name"]) == (CONNECTED, ann.name)
        assert (states(ann), states(ben)) == ({ben.name: CONNECTED}, {ann.name: CONNECTED})
        assert call(ann, "GET", "/api/connections").json["joined"] == [to_base64(ben.uid)]
        assert call(ben, "GET", "/api/connections").json["joined"] == []

    def test_what_leads_nowhere_is_one_answer(self, ann, ben, eve):
        """Accepted by another, withdrawn, never made: somebody who has a link learns only that it
        does not work."""
        taken, withdrawn, asking = [invite(ann, connects) for connects in (True, True, False)]
        assert use(ben, "accept", taken).status == 200
        ident = Id.parse(withdrawn["id"]).hex()
        assert call(ben, "DELETE", f"/api/invites/{ident}").status == 404
        assert call(ann, "DELETE", f"/api/invites/{ident}").status == 200
        never = {"token": "x" * 43}
        answers = [use(eve, verb, one) for verb in ("show", "accept") for one in (taken, withdrawn)]
        answers += [use(eve, "show", never), use(eve, "accept", never), use(eve, "accept", asking)]
        [(status, raw)] = {(answer.status, answer.raw) for answer in answers}
        assert (status, b"unknown" in raw) == (404, True)
        assert states(eve) == {}

    def test_one_for_several_shows_whom_to_ask(self, ann, ben):
        made = invite(ann, connects=False)
        for _ in range(2):
            shown = use(ben, "show", made)
        assert (shown.json["peer"]["name"], shown.json["connects"]) == (ann.name, False)
        [row] = call(ann, "GET", "/api/invites").json["invites"]
        assert (row["connects"], row["uses"]) == (False, 2)

    def test_the_refusals_have_codes(self, ann, ben):
        made = invite(ann, connects=True)
        own = use(ann, "accept", made)
        assert (own.status, own.code) == (409, "own_invite")
        act(ann, ben, "request")
        act(ben, ann, "block", ASKS)
        blocked = use(ben, "accept", made)
        assert (blocked.status, blocked.code) == (409, "moved")
        assert blocked.json["connection"]["state"] == BLOCKED
        act(ben, ann, "unblock", BLOCKED)
        assert use(ben, "accept", made).status == 200
        late = call(ann, "DELETE", f"/api/invites/{Id.parse(made['id']).hex()}")
        assert (late.status, late.code) == (409, "used")

    def test_too_many(self, ann):
        for _ in range(http.INVITES_MAX):
            invite(ann, connects=True)
        again = call(ann, "POST", "/api/invites", http.MakeInvite(connects=True))
        assert again.code == "too_many"


def invite(maker: Person, connects: bool) -> dict[str, Any]:
    answer = call(maker, "POST", "/api/invites", http.MakeInvite(connects=connects))
    assert answer.status == 200
    made: dict[str, Any] = answer.json
    return made


def use(who: Person, verb: str, made: dict[str, Any]) -> Answer:
    return call(who, "POST", f"/api/invites/{verb}", http.InviteToken(token=made["token"]))


class TestEpochs:
    def test_published_read_and_boxed(self, ann, ben):
        conv = befriend(ann, ben)
        assert read(ann, conv) == [{"conv": b64(conv), "epochs": []}]
        body = first_epoch(ann, ben, conv)
        assert call(ann, "POST", f"/api/epochs/{conv}", body).json == {"n": 0}
        assert call(ben, "PUT", "/api/boxes", boxes(conv)).status == 200
        for who, boxed in ((ben, {"g": 1, "box": to_base64(b"b" * 60)}), (ann, {})):
            row = {"n": 0, "record": to_base64(body.record), **boxed}
            assert read(who, conv) == [{"conv": b64(conv), "head": 0, "epochs": [row]}]

    def test_the_loser_gets_the_winner(self, ann, ben):
        conv = befriend(ann, ben)
        won = first_epoch(ann, ben, conv)
        call(ann, "POST", f"/api/epochs/{conv}", won)
        answer = call(ben, "POST", f"/api/epochs/{conv}", first_epoch(ben, ann, conv))
        assert (answer.status, answer.code, answer.json["head"]) == (409, "epoch", 0)
        assert answer.bytes("record") == won.record

    def test_forged_or_malformed_is_refused(self, ann, ben):
        conv = befriend(ann, ben)
        whole = first_epoch(ann, ben, conv)
        for record in (
            b"x",
            whole.record[:-1],
            whole.record + b"x",
            first_epoch(ben, ann, conv).record,
        ):
            answer = call(ann, "POST", f"/api/epochs/{conv}", http.NewEpoch(record=record))
            assert (answer.status, answer.code) == (400, "refused")
        assert call(ann, "POST", f"/api/epochs/{conv}", whole).status == 200

    def test_without_a_connection_there_is_no_epoch(self, ann, ben):
        conv = act(ann, ben, "request").bytes("conv").hex()
        answer = call(ann, "POST", f"/api/epochs/{conv}", first_epoch(ann, ben, conv))
        assert (answer.status, answer.code) == (403, "not_connected")

    def test_foreign_absent_and_misspelt_are_one_answer(self, ann, ben, eve):
        conv = befriend(ann, ben)
        call(ann, "POST", f"/api/epochs/{conv}", first_epoch(ann, ben, conv))
        answers = set()
        for name in (conv, secrets.token_hex(16), conv.upper(), conv[:-1], "x"):
            answer = call(eve, "POST", f"/api/epochs/{name}", first_epoch(eve, ben, conv))
            answers.add((answer.status, answer.raw))
        for name in (conv, secrets.token_hex(16)):
            answer = call(eve, "PUT", "/api/boxes", boxes(name))
            answers.add((answer.status, answer.raw))
        [(status, _)] = answers
        assert status == 404

    def test_foreign_and_absent_are_left_out(self, ann, ben, eve):
        conv, own = befriend(ann, ben), befriend(eve, ben)
        third = befriend(ann, eve)
        assert {one["conv"] for one in read(ann, conv, own, third)} == {b64(conv), b64(third)}
        assert read(eve, conv) == read(eve, secrets.token_hex(16)) == []
        assert read(eve, conv, own) == [{"conv": b64(own), "epochs": []}]

    def test_each_foreign_conversation_counts(self, ann, ben, eve, monkeypatch):
        conv = befriend(ann, ben)
        real = limits.take

        def take(limit, subject, now_ms, count=1):
            low = replace(limit, count=10) if limit.name == "epoch-reads" else limit
            real(low, subject, now_ms, count)

        monkeypatch.setattr(limits, "take", take)
        assert [len(read(ann, conv)) for _ in range(10)] == [1] * 10
        assert read(eve, *(secrets.token_hex(16) for _ in range(9))) == []
        assert call(eve, "POST", "/api/epochs/read", wanted(conv)).code == "rate"

    def test_more_than_a_request_holds(self, ann):
        convs = [secrets.token_hex(16) for _ in range(EPOCHS_MAX + 1)]
        assert call(ann, "POST", "/api/epochs/read", wanted(*convs[:-1])).status == 200
        assert call(ann, "POST", "/api/epochs/read", wanted(*convs)).code == "bad_body"


def wanted(*convs: str) -> http.ReadEpochs:
    asked = [http.EpochsWanted(conv=Id(bytes.fromhex(conv))) for conv in convs]
    return http.ReadEpochs(conversations=asked, limit=2)


def read(who: Person, *convs: str) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = call(who, "POST", "/api/epochs/read", wanted(*convs)).json[
        "conversations"
    ]
    return shown


def boxes(conv: str) -> http.PutBoxes:
    return http.PutBoxes(
        boxes=[http.EpochBox(conv=Id(bytes.fromhex(conv)), n=0, g=1, box=b"b" * 60)]
    )


def b64(conv: str) -> str:
    return to_base64(bytes.fromhex(conv))


ENDPOINTS = [
    ("POST", "/api/people"),
    ("GET", "/api/connections"),
    ("POST", "/api/connections"),
    ("GET", "/api/invites"),
    ("POST", "/api/invites"),
    ("POST", "/api/invites/show"),
    ("POST", "/api/invites/accept"),
    ("DELETE", f"/api/invites/{'0' * 32}"),
    ("POST", "/api/epochs/read"),
    ("POST", f"/api/epochs/{'0' * 32}"),
    ("PUT", "/api/boxes"),
]
BODIES = {
    "/api/people": http.FindPerson(name="ann"),
    "/api/connections": http.Act(peer=Id(bytes(16)), action="accept"),
    "/api/invites": http.MakeInvite(connects=True),
    "/api/invites/show": http.InviteToken(token="x"),
    "/api/invites/accept": http.InviteToken(token="x"),
    f"/api/epochs/{'0' * 32}": http.NewEpoch(record=b"x"),
    "/api/epochs/read": wanted("0" * 32),
    "/api/boxes": boxes("0" * 32),
}


def body_of(method: str, path: str) -> Body | None:
    return BODIES.get(path) if method != "GET" else None


class TestProof:
    """A cookie alone, and no cookie at all, get nowhere."""

    @pytest.mark.parametrize(("method", "path"), ENDPOINTS)
    def test_a_stolen_cookie_is_not_enough(self, ann, method, path):
        body = body_of(method, path)
        assert call(ann, method, path, body).status in (200, 404)
        answer = call(ann, method, path, body, prove=False)
        assert (answer.status, answer.code) == (403, "proof")

    @pytest.mark.parametrize(("method", "path"), ENDPOINTS)
    def test_who_is_not_signed_in_is_asked_to(self, method, path):
        answer = Browser().call(method, path, body_of(method, path))
        assert (answer.status, answer.code) == (401, "sign_in")

    @pytest.mark.parametrize(("method", "path"), [one for one in ENDPOINTS if one[0] != "GET"])
    def test_another_site_cannot_ask(self, ann, method, path):
        answer = call(ann, method, path, body_of(method, path), Origin="https://evil.example")
        assert answer.status == 403
