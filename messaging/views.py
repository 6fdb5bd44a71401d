"""HTTP of the message side (docs/encryption.md 4.18). Each view calls one use case.

What is absent, foreign, or not to be known is the same 404.
"""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from asgiref.sync import async_to_sync
from django.conf import settings
from django.http import HttpRequest

from accounts import profile, suspending
from accounts.api import Caller, Need, api
from accounts.profile import Person
from accounts.protocol import Done
from chatsite.edge import limits
from chatsite.edge.limits import DAY, HOUR, Limit
from chatsite.edge.refusals import Conflict, Refusal, bad, unknown
from chatsite.edge.wire import Id
from chatsite.running import threads
from chatsite.running.clock import now_ms
from e2ee.encoding import id_from_hex
from e2ee.errors import M1Error
from messaging import connections, epochs, http, invites
from messaging.backends import base, connection_store
from messaging.domain import Contact, Conv

FIND = Limit("find", 120, HOUR)  # by account; who guesses names learns little, and slowly
REQUESTS = Limit("requests", http.REQUESTS_PER_DAY, DAY)  # by account
REQUESTS_AT_FIRST = Limit(REQUESTS.name, http.REQUESTS_AT_FIRST, DAY)  # the same count
ACTIONS = Limit("actions", 600, HOUR)  # by account
ANSWERS = Limit("answers", 60, HOUR)  # by account, of up to ANSWERS_MAX people each
EPOCH_READS = Limit("epoch-reads", 3_000, HOUR)  # by account; a new browser reads all of them

P = ParamSpec("P")
T = TypeVar("T")


def answers(view: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """What is no plain refusal, as HTTP says it. A lost race for an epoch has a winner to show,
    which its view does."""

    @wraps(view)
    async def serve(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await view(*args, **kwargs)
        except base.Busy as error:
            raise Refusal(503, "busy", "The store is busy. Try again.", error.retry_ms) from error
        except connections.Moved as error:
            raise Conflict(await _moved(error)) from None

    return serve


@api("POST", need=Need.PROOF, body=http.FindPerson, limit=FIND)
@answers
async def find_person(_request: HttpRequest, who: Caller, body: http.FindPerson) -> http.Person:
    _require_approved(who)
    person = await threads.run(profile.find, body.name)
    if person is None:
        unknown()
    return _person(person)


@api("GET", need=Need.PROOF, limit=ACTIONS)
def list_connections(_request: HttpRequest, who: Caller) -> http.Connections:
    """Each start of a page asks for it. Plain: names are read in the thread that it has already."""
    contacts = async_to_sync(answers(connection_store().contacts))(who.uid)
    rows, joined = connections.named(contacts), invites.joined(who.record.user)
    return http.Connections(
        connections=[_connection(*row) for row in rows], joined=[Id(uid) for uid in joined]
    )


@api("POST", need=Need.PROOF, body=http.Act, limit=ACTIONS)
@answers
async def act(_request: HttpRequest, who: Caller, body: http.Act) -> http.ConnectionRow:
    return await _row(await _acted(who, body))


@api("POST", need=Need.PROOF, body=http.AnswerAll, limit=ANSWERS)
@answers
async def answer_all(_request: HttpRequest, who: Caller, body: http.AnswerAll) -> http.Answered:
    done = await connections.answer_all(who.uid, body.peers, body.action, body.seen, now_ms())
    return http.Answered(peers=[Id(peer) for peer in done])


@api("GET", need=Need.PROOF)
@answers
async def list_invites(_request: HttpRequest, who: Caller) -> http.Invites:
    found = await threads.run(invites.opened, who.record.user, now_ms())
    return http.Invites(
        invites=[
            http.Invite(
                id=Id(row.ident),
                connects=row.connects,
                created=row.created,
                expires=row.expires,
                uses=row.uses,
            )
            for row in found
        ]
    )


@api("POST", need=Need.PROOF, body=http.MakeInvite, limit=limits.WRITES)
@answers
async def make_invite(_request: HttpRequest, who: Caller, body: http.MakeInvite) -> http.NewInvite:
    """The token stands behind #, which a browser sends to nobody."""
    _require_approved(who)
    invite, token = await invites.make(who.record.user, body.connects, now_ms())
    url = f"{settings.SITE_URL}/invite#{token}"
    return http.NewInvite(id=Id(invite.ident), token=token, url=url, expires=invite.expires)


@api("DELETE", need=Need.PROOF, limit=limits.WRITES)
@answers
async def withdraw_invite(_request: HttpRequest, who: Caller, invite: str) -> Done:
    await invites.withdraw(who.record.user, _id(invite))
    return Done()


@api("POST", need=Need.PROOF, body=http.InviteToken, limit=FIND)
@answers
async def show_invite(
    _request: HttpRequest, who: Caller, body: http.InviteToken
) -> http.ShownInvite:
    person, connects = await threads.run(invites.show, who.uid, body.token, now_ms())
    return http.ShownInvite(peer=_person(person), connects=connects)


@api("POST", need=Need.PROOF, body=http.InviteToken, limit=FIND)
@answers
async def accept_invite(
    _request: HttpRequest, who: Caller, body: http.InviteToken
) -> http.ConnectionRow:
    _require_approved(who)
    return await _row(await invites.accept(who.uid, body.token, now_ms()))


@api("POST", need=Need.PROOF, body=http.ReadEpochs, limit=EPOCH_READS)
@answers
async def read_epochs(_request: HttpRequest, who: Caller, body: http.ReadEpochs) -> http.Epochs:
    """Each foreign conversation that is asked for counts, as in accounts.views.read_lists."""
    upto = {bytes(wanted.conv): wanted.upto for wanted in body.conversations}
    found = await epochs.newest(who.uid, upto, body.limit)
    if foreign := len(upto) - len(found):
        await threads.run(limits.take, EPOCH_READS, who.uid, now_ms(), foreign)
    return http.Epochs(conversations=[_epochs(*one) for one in found.items()])


@api("POST", need=Need.PROOF, body=http.NewEpoch)
@answers
async def publish_epoch(
    _request: HttpRequest, who: Caller, body: http.NewEpoch, conv: str
) -> http.EpochStored:
    try:
        n = await epochs.publish(
            who.uid, who.device, _id(conv), body.record, body.expected, now_ms()
        )
    except base.EpochConflict as error:
        if error.head is None or error.record is None:
            bad("bad_epoch", "The first epoch has number 0.")
        raise Conflict(
            http.EpochConflict(
                code="epoch",
                message="Another epoch stands there.",
                head=error.head,
                record=error.record,
            )
        ) from None
    return http.EpochStored(n=n)


@api("PUT", need=Need.PROOF, body=http.PutBoxes, limit=EPOCH_READS)
@answers
async def put_boxes(_request: HttpRequest, who: Caller, body: http.PutBoxes) -> Done:
    await epochs.put_boxes(who.uid, body.boxes)
    return Done()


async def _acted(who: Caller, body: http.Act) -> Contact:
    now = now_ms()
    if body.action == "request":
        _require_approved(who)
        young = now - who.record.user.joined < DAY * 1000
        limit = REQUESTS_AT_FIRST if young else REQUESTS
        await threads.run(_may_ask, who, limit, now)
        invited = body.invite is not None and await threads.run(
            invites.is_from, body.peer, body.invite, now
        )
        return await connections.request(who.uid, body.peer, now, invited=invited)
    if body.action == "clear":
        if body.upto is None:
            bad("bad_body", "Say up to where.")
        return await connections.clear(who.uid, body.peer, body.upto)
    return await connections.act(who.uid, body.peer, body.action, body.seen, now)


def _require_approved(who: Caller) -> None:
    if not who.record.user.approved:
        raise Refusal(403, "waiting", "The people who run this site look at new accounts first.")


def _may_ask(who: Caller, limit: Limit, now: int) -> None:
    suspending.check(who.record.user, suspending.Kind.REQUESTS, now)
    limits.take(limit, who.uid, now)


async def _moved(error: connections.Moved) -> http.ConnectionConflict:
    row = await _row(error.contact) if error.contact else None
    return http.ConnectionConflict(
        code="moved", message="This has changed meanwhile.", connection=row
    )


async def _row(contact: Contact) -> http.ConnectionRow:
    people = await threads.run(profile.people, [contact.peer])
    return _connection(contact, people.get(contact.peer) or Person(contact.peer, "", ""))


def _connection(contact: Contact, peer: Person) -> http.ConnectionRow:
    return http.ConnectionRow(
        conv=Id(contact.conv),
        peer=_person(peer),
        state=contact.state.value,
        since=contact.since,
        cleared=contact.cleared,
    )


def _person(person: Person) -> http.Person:
    return http.Person(uid=Id(person.uid), name=person.username, display_name=person.display_name)


def _epochs(conv: Conv, newest: epochs.Newest) -> http.ConversationEpochs:
    rows = [http.EpochRow(n=row.n, record=row.record, g=row.g, box=row.box) for row in newest.rows]
    return http.ConversationEpochs(conv=Id(conv), epochs=rows, head=newest.head)


def _id(text: str) -> bytes:
    """An id of a URL; another spelling of it is unknown."""
    try:
        return id_from_hex(text)
    except M1Error:
        unknown()
