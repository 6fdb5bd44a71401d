"""Who may ask somebody: anybody, people with an invite of theirs, nobody. Kept at the server."""

from typing import Any

import pytest

from accounts.protocol import Privacy
from chatsite.edge.wire import Id
from e2ee.encoding import from_base64
from messaging import http
from tests.accounts.people import Answer, Person
from tests.messaging.conftest import signed_up
from tests.messaging.test_views import (
    ASKED,
    ASKS,
    BLOCKED,
    CLOSED,
    CONNECTED,
    act,
    befriend,
    call,
    states,
)


def let(who: Person, requests: Any) -> None:
    body = Privacy(receipts=True, typing=True, presence="contacts", requests=requests)
    assert call(who, "PUT", "/api/privacy", body).status == 200


def invite(who: Person, *, connects: bool) -> str:
    return call(who, "POST", "/api/invites", http.MakeInvite(connects=connects)).json["token"]


def accept(who: Person, token: str) -> Answer:
    return call(who, "POST", "/api/invites/accept", http.InviteToken(token=token))


@pytest.fixture
def unwanted(ann: Person, eve: Person) -> Answer:
    """What eve is answered whom ann does not let ask."""
    let(ann, "nobody")
    return act(eve, ann, "request")


def test_nobody_asks_where_nobody_may(ann: Person, eve: Person, unwanted: Answer) -> None:
    assert (unwanted.status, unwanted.code) == (403, "unwanted")
    assert (states(ann), states(eve)) == ({}, {})


def test_with_an_invite_alone_and_the_answer_does_not_say_which(
    ann: Person, ben: Person, eve: Person, unwanted: Answer
) -> None:
    let(ann, "link")
    token = invite(ann, connects=False)
    for other in ("", "guess", invite(ben, connects=False)):
        assert act(eve, ann, "request", invite=other).raw == unwanted.raw
    assert act(eve, ann, "request", invite=token).json["state"] == ASKED
    assert states(ann) == {eve.name: ASKS}
    assert act(eve, ann, "request").json["state"] == ASKED  # asked is asked
    assert accept(ben, invite(ann, connects=True)).json["state"] == CONNECTED


def test_an_invite_that_was_withdrawn_is_none(ann: Person, eve: Person, unwanted: Answer) -> None:
    let(ann, "link")
    token = invite(ann, connects=False)
    [row] = call(ann, "GET", "/api/invites").json["invites"]
    ident = from_base64(row["id"]).hex()
    assert call(ann, "DELETE", f"/api/invites/{ident}").status == 200
    assert act(eve, ann, "request", invite=token).raw == unwanted.raw


def test_while_nobody_may_ask_invites_look_as_if_they_were_over(ann: Person, eve: Person) -> None:
    tokens = [invite(ann, connects=connects) for connects in (True, False)]
    let(ann, "nobody")
    over = accept(eve, "guess")
    for token in tokens:
        assert accept(eve, token).raw == over.raw
        shown = call(eve, "POST", "/api/invites/show", http.InviteToken(token=token))
        assert shown.raw == over.raw
        assert act(eve, ann, "request", invite=token).code == "unwanted"
    answer = call(ann, "POST", "/api/invites", http.MakeInvite(connects=True))
    assert (answer.status, answer.code) == (409, "alone")
    let(ann, "anybody")
    assert accept(eve, tokens[0]).json["state"] == CONNECTED
    let(ann, "nobody")
    assert accept(eve, tokens[0]).json["state"] == CONNECTED  # a repeat


def test_who_was_asked_may_answer_and_who_is_connected_stays(
    ann: Person, ben: Person, eve: Person
) -> None:
    befriend(ann, ben)
    act(ann, eve, "request")
    let(ann, "nobody")
    assert act(eve, ann, "request").json["state"] == CONNECTED  # ann asked
    assert act(ben, ann, "request").json["state"] == CONNECTED
    act(ben, ann, "block", CONNECTED)
    assert act(ben, ann, "request").code == "moved"


def answer_all(who: Person, peers: list[Person], action: Any, seen: int) -> Answer:
    body = http.AnswerAll(peers=[Id(peer.uid) for peer in peers], action=action, seen=seen)
    return call(who, "POST", "/api/connections/all", body)


def answered(answer: Answer) -> set[bytes]:
    return {from_base64(uid) for uid in answer.json["peers"]}


def test_all_who_ask_are_answered_in_one_call(ann: Person, ben: Person, eve: Person) -> None:
    other, stranger = signed_up("other"), signed_up("stranger")
    for asker in (ben, eve, other):
        act(asker, ann, "request")
    act(ann, other, "accept", ASKS)
    everybody = [ben, eve, other, stranger]
    for action, seen, then in (
        ("decline", ASKS, CLOSED), ("reopen", CLOSED, ASKS), ("block", ASKS, BLOCKED),
    ):  # fmt: skip
        for _ in range(2):  # a repeat is the same
            done = answer_all(ann, everybody, action, seen)
            assert answered(done) == {ben.uid, eve.uid}, action
        assert states(ann) == {ben.name: then, eve.name: then, other.name: CONNECTED}
    assert answered(answer_all(eve, [ann, ben], "decline", ASKS)) == set()
    assert states(ann)[eve.name] == BLOCKED
    assert states(eve) == {ann.name: ASKED}  # and hears of nothing


def test_a_no_does_not_show_by_it(ann: Person, ben: Person, eve: Person) -> None:
    for asker in (ben, eve):
        act(asker, ann, "request")
    act(ann, ben, "decline", ASKS)
    let(ann, "nobody")
    assert [act(asker, ann, "request").json["state"] for asker in (ben, eve)] == [ASKED, ASKED]
    for asker in (ben, eve):
        assert act(asker, ann, "withdraw", ASKED).json["state"] == CLOSED
    ends = [act(asker, ann, "request") for asker in (ben, eve)]
    assert ends[0].raw == ends[1].raw
    assert ends[0].code == "unwanted"
