"""HTTP bodies of the message side (docs/encryption.md 4.18). Pure: no I/O."""

from typing import Annotated, Literal

from msgspec import Meta, Raw

from accounts.protocol import Box, Generation, Name, Token
from chatsite.edge.wire import U32, Body, Id, N
from messaging.protocol import EPOCH_RECORD_MAX, EPOCHS_MAX

INVITE_DAYS = 7
INVITES_MAX = 20  # open at a time, per person
ANSWERS_MAX = 50  # people whom one call answers
REQUESTS_PER_DAY = 50  # by one account
REQUESTS_AT_FIRST = 10  # on its first day
POLL_SECONDS = 25  # how long a call waits for a frame; below the patience of proxies
POLL_FRAMES = 16  # a call, each way
POLL_BYTES = 64 * 1024  # of frames a call, each way; one frame always fits
POLL_CALLS = 2  # open at a time
POLL_ENDS_SECONDS = 60  # after the last call
RID_MAX = 2**31 - 1  # of the first call

NodeName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9.:-]{1,40}$")]  # needs no quoting in an address
Record = Annotated[bytes, Meta(min_length=1, max_length=EPOCH_RECORD_MAX)]
Action = Literal["request", "accept", "decline", "reopen", "withdraw", "block", "unblock", "clear"]

Answer = Literal["decline", "reopen", "block", "unblock"]


class Person(Body):
    """All that a stranger shows."""

    uid: Id
    name: str
    display_name: str


class FindPerson(Body):
    """POST /api/people: by exact username."""

    name: Name


class ConnectionRow(Body):
    """One pair as its owner sees it. state: 1 asked by me, 2 asks me, 3 connected, 4 closed,
    5 blocked by me."""

    conv: Id
    peer: Person
    state: Annotated[int, Meta(ge=1, le=5)]
    since: N
    cleared: N


class Connections(Body):
    """GET /api/connections. `joined`: who came by a link of mine, for INVITE_DAYS."""

    connections: list[ConnectionRow]
    joined: list[Id]


class Act(Body):
    """POST /api/connections: `seen` is the state the user saw (absent: none yet); 409 if it
    is another one by now. `upto` only with clear. `invite` only with request: the token of an
    invite of the peer, for one who takes requests of people who have it."""

    peer: Id
    action: Action
    seen: Annotated[int, Meta(ge=1, le=5)] | None = None
    upto: N | None = None
    invite: Token | None = None


class AnswerAll(Body):
    """POST /api/connections/all: the same for several. People whom the user does not see as `seen`
    any more are passed over."""

    peers: Annotated[list[Id], Meta(min_length=1, max_length=ANSWERS_MAX)]
    action: Answer
    seen: Annotated[int, Meta(ge=1, le=5)]


class Answered(Body):
    """Answers AnswerAll: those of whom it is true now."""

    peers: list[Id]


class ConnectionConflict(Body):
    code: str
    message: str
    connection: ConnectionRow | None = None


class MakeInvite(Body):
    """POST /api/invites. connects: one person, at once; else any number may ask."""

    connects: bool


class NewInvite(Body):
    """POST /api/invites answers it; the token is shown once."""

    id: Id
    token: str
    url: str
    expires: N


class Invite(Body):
    """An open link of mine, without its token. uses: how often somebody looked at it."""

    id: Id
    connects: bool
    created: N
    expires: N
    uses: U32


class Invites(Body):
    """GET /api/invites."""

    invites: list[Invite]


class InviteToken(Body):
    """POST /api/invites/show answers ShownInvite and uses nothing up; POST /api/invites/accept
    connects and answers a ConnectionRow."""

    token: Token


class ShownInvite(Body):
    """Who the link is from. connects: to be accepted; else the request is an Act."""

    peer: Person
    connects: bool


class EpochRow(Body):
    n: U32
    record: Record
    g: Generation | None = None  # of my own box, with it
    box: Box | None = None


class EpochsWanted(Body):
    conv: Id
    upto: U32 | None = None  # the newest, without


class ReadEpochs(Body):
    """POST /api/epochs/read: up to `limit` records of each conversation, EPOCHS_MAX in all, of
    which each has its equal share."""

    conversations: Annotated[list[EpochsWanted], Meta(min_length=1, max_length=EPOCHS_MAX)]
    limit: Annotated[int, Meta(ge=1, le=EPOCHS_MAX)] = EPOCHS_MAX


class ConversationEpochs(Body):
    """Newest first. head is absent before E_0."""

    conv: Id
    epochs: Annotated[list[EpochRow], Meta(max_length=EPOCHS_MAX)]
    head: U32 | None = None


class Epochs(Body):
    """Answers ReadEpochs. A foreign conversation is left out, like one that does not exist."""

    conversations: list[ConversationEpochs]


class NewEpoch(Body):
    """POST /api/epochs/{conv}: `expected` is the head it follows, absent for E_0."""

    record: Record
    expected: U32 | None = None


class EpochStored(Body):
    n: U32


class EpochConflict(Body):
    """409: another record stands there; verify it and use it."""

    code: str
    message: str
    head: U32
    record: Record


class EpochBox(Body):
    """My box of one epoch secret, under my user key g."""

    conv: Id
    n: U32
    g: Generation
    box: Box


class PutBoxes(Body):
    """PUT /api/boxes."""

    boxes: Annotated[list[EpochBox], Meta(min_length=1, max_length=EPOCHS_MAX)]


class PollCall(Body):
    """POST /live: frames of the client, and a wait for those of the server. The first call has no
    sid; its rid is random, later ones rise by one. Idempotent by rid. `ack` = the number of the
    last frame received without a gap."""

    rid: U32
    ack: N
    frames: Annotated[list[Raw], Meta(max_length=POLL_FRAMES)]
    sid: Id | None = None


class PollAnswer(Body):
    """Answers PollCall: frames of the server, numbered from 1 in the whole session. `node` has the
    session: later calls go to /live?n=<node>, so that a load balancer finds it."""

    sid: Id
    rid: U32
    frames: list[tuple[N, Raw]]
    node: NodeName


class PollClosed(Body):
    """Answers PollCall instead of PollAnswer: the session is over, or there was none."""

    close: U32
    reason: str
