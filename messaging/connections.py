"""Use cases of the pair: request, accept, decline, reopen, withdraw, block, unblock, clear.

`act` holds the policy. An action names the state that its user saw; the server takes the version.
Nobody learns of a no: a request that was declined, or goes to somebody who blocks its sender,
looks unanswered, and no frame tells of it.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from accounts import privacy, profile
from accounts.profile import Person
from chatsite.edge.refusals import Refusal, Unknown
from chatsite.edge.wire import Id
from chatsite.running import threads
from messaging import fanout, protocol
from messaging.backends import connection_store
from messaging.backends.base import Blocks, Busy, PairConflict
from messaging.domain import ID_SIZE, Contact, ContactState, Pair, PairState, Uid, block_bit
from messaging.http import Action, Answer

TRIES = 4  # against the other side's changes; then Busy

ASKED, ASKS, CONNECTED, CLOSED, BLOCKED = ContactState
Change = Callable[[Pair, Uid], tuple[PairState, int]]


class Moved(Refusal):
    """The pair is not in the state that the user saw. `contact` is how it is, None for none."""

    def __init__(self, contact: Contact | None) -> None:
        super().__init__(409, "moved", "This has changed meanwhile.")
        self.contact = contact


class Unwanted(Refusal):
    """The peer takes no such requests. The same words for people with an invite and for nobody:
    which of the two it is, is theirs to tell."""

    status, code = 403, "unwanted"
    message = "This person takes no requests this way. Ask them for an invite link."


async def listed(me: Uid) -> list[tuple[Contact, Person]]:
    """Every pair of mine with the peer's names; a peer whose account is closed has empty ones."""
    return await threads.run(named, await connection_store().contacts(me))


def named(contacts: Iterable[Contact]) -> list[tuple[Contact, Person]]:
    """Runs in a thread."""
    contacts = list(contacts)
    people = profile.people(contact.peer for contact in contacts)
    return [(contact, _named(contact, people)) for contact in contacts]


async def first_chats(
    me: Uid, count: int, conv: str | None
) -> tuple[list[tuple[Contact, Person]], Person | None]:
    """So many of the newest that are open, with the peers' names, and the peer of `conv` (hex)."""
    contacts = await connection_store().contacts(me)
    first = [contact for contact in contacts if contact.state is CONNECTED]
    first = sorted(first, key=lambda contact: contact.since, reverse=True)[:count]
    opened = next((contact for contact in contacts if contact.conv.hex() == conv), None)
    shown = [*first, opened] if opened else first
    people = await threads.run(profile.people, [contact.peer for contact in shown])
    named = [(contact, _named(contact, people)) for contact in first]
    return named, _named(opened, people) if opened else None


async def request(me: Uid, peer: Uid, now: int, *, invited: bool = False) -> Contact:
    """Ask to connect; a request that meets the other's connects. No text goes with it. `invited`:
    I have an invite of theirs.

    Raises Unknown for nobody's uid and for my own, Moved where I block the peer, Unwanted.
    Repeating it gives the same answer and tells nobody again.
    """
    if peer == me or not await threads.run(profile.people, [peer]):
        raise Unknown
    await _check_wanted(me, peer, invited)
    before, after = await _ask(me, peer, now)
    await _require_both(me, peer, now)
    return await _announce(before, after, me)


async def join(me: Uid, peer: Uid, now: int) -> Contact:
    """Connect me with somebody who agreed beforehand: my request and their yes, told as one step.

    An earlier no of theirs does not count. A block of theirs stays, and I do not see it. Raises
    Moved where I block them, Unknown where their account has ended meanwhile, Busy. Repeatable.
    """
    before, after = await _ask(me, peer, now)
    for _ in range(TRIES):
        try:
            if after.state is not PairState.CONNECTED:
                change = connection_store().change
                after = await change(after, PairState.CONNECTED, after.blocked, now)
            await _require_both(me, peer, now)
            return await _announce(before, after, me)
        except PairConflict as error:
            after = error.pair
    raise Busy


async def between(me: Uid, peer: Uid) -> Contact | None:
    """My side of the pair, None without one."""
    pair = await connection_store().pair(me, peer)
    return None if pair is None else await connection_store().contact(me, pair.conv)


async def act(me: Uid, peer: Uid, action: Action, seen: int | None, now: int) -> Contact:
    """Accept, decline, reopen, withdraw, block or unblock, if I still see the pair as `seen`.

    Where the pair is already as the action would leave it, that is the answer, so it can be
    repeated. Raises Unknown without a pair, Moved where the state has changed since.
    """
    come_from, leads_to, change = _ACTIONS[action]
    for _ in range(TRIES):
        was = await connection_store().pair(me, peer)
        if was is None:
            raise Unknown
        state = was.seen_by(me)
        done = state != seen and state in leads_to
        if not done and (state != seen or state not in come_from):
            raise Moved(await between(me, peer))
        try:
            return await _apply(was, me, _stay if done else change, now)
        except PairConflict:
            continue
    raise Busy


async def answer_all(
    me: Uid, peers: Iterable[Uid], action: Answer, seen: int, now: int
) -> list[Uid]:
    """`act` on each; answers those of whom it is true now. A pair that is not as `seen` any more,
    or is none, is passed over. Raises Busy; some may be done then, and a repeat does the rest."""
    done = []
    for peer in peers:
        with suppress(Moved, Unknown):
            await act(me, peer, action, seen, now)
            done.append(peer)
    return done


async def leave(me: Uid, peer: Uid, now: int) -> None:
    """My account is deleted: the pair is closed for both, whatever it was. What was blocked stays
    so. Raises Busy. Repeatable: the contact rows of a pair that is closed are written again."""
    for _ in range(TRIES):
        was = await connection_store().pair(me, peer)
        if was is None:
            return
        with suppress(PairConflict):
            after = await connection_store().change(was, PairState.WITHDRAWN, was.blocked, now)
            await _announce(was, after, me)
            return
    raise Busy


async def clear(me: Uid, peer: Uid, upto: int) -> Contact:
    """Hide the conversation up to a seq from all my devices. Raises Unknown, BadSeq. Repeatable."""
    await connection_store().clear(me, peer, upto)
    return await tell_cleared(me, peer)


async def tell_cleared(me: Uid, peer: Uid) -> Contact:
    """Say to all my devices up to where the conversation is hidden from me. Raises Busy."""
    contact = await _own(me, peer)
    frame = protocol.Connection(
        conv=Id(contact.conv),
        peer=Id(contact.peer),
        since=contact.since,
        state=contact.state.value,
        cleared=contact.cleared,
    )
    await fanout.deliver([me], frame)
    return contact


async def _check_wanted(me: Uid, peer: Uid, invited: bool) -> None:
    """Nothing new is asked where one of us has asked already, or the pair is connected."""
    pair = await connection_store().pair(me, peer)
    if pair is not None and pair.seen_by(me) is not CLOSED:
        return
    askers = await threads.run(privacy.askers, peer)
    if askers == "nobody" or (askers == "link" and not invited):
        raise Unwanted


async def _ask(me: Uid, peer: Uid, now: int) -> tuple[Pair | None, Pair]:
    """The pair as it was, and as my request leaves it. Raises Moved where I block the peer."""
    before = await connection_store().pair(me, peer)
    try:
        after = await connection_store().ask(me, peer, secrets.token_bytes(ID_SIZE), now)
    except Blocks:
        raise Moved(await between(me, peer)) from None
    return before, after


async def _require_both(me: Uid, peer: Uid, now: int) -> None:
    """After the pair was written. An account that ends is shut first, and its pairs are closed
    then: so either that found this pair, or we find the account shut. Raises Unknown."""
    for uid in await threads.run(profile.gone, [me, peer]):
        await leave(uid, peer if uid == me else me, now)
        raise Unknown


async def _apply(was: Pair, me: Uid, change: Change, now: int) -> Contact:
    state, blocked = change(was, me)
    after = await connection_store().change(was, state, blocked, now)
    return await _announce(was, after, me)


def _stay(pair: Pair, _me: Uid) -> tuple[PairState, int]:
    """As it is. Its contact rows are written again: a call before may have ended before them."""
    return pair.state, pair.blocked


def _accept(pair: Pair, _me: Uid) -> tuple[PairState, int]:
    return PairState.CONNECTED, pair.blocked


def _decline(pair: Pair, _me: Uid) -> tuple[PairState, int]:
    return PairState.DECLINED, pair.blocked


def _reopen(pair: Pair, me: Uid) -> tuple[PairState, int]:
    """I take my no back. The person who asked sees nothing: a no must not show by it."""
    if pair.asked(me):
        return pair.state, pair.blocked
    return _BEFORE_A_NO.get(pair.state, pair.state), pair.blocked


def _withdraw(pair: Pair, _me: Uid) -> tuple[PairState, int]:
    """A declined request stays declined: otherwise asking again would be one more try."""
    declined = pair.state is PairState.DECLINED
    return PairState.DROPPED if declined else PairState.WITHDRAWN, pair.blocked


def _block(pair: Pair, me: Uid) -> tuple[PairState, int]:
    return pair.state, pair.blocked | block_bit(me, pair.peer_of(me))


def _unblock(pair: Pair, me: Uid) -> tuple[PairState, int]:
    return pair.state, pair.blocked & ~block_bit(me, pair.peer_of(me))


_BEFORE_A_NO = {
    PairState.DECLINED: PairState.REQUESTED,
    PairState.DROPPED: PairState.WITHDRAWN,  # nothing to answer any more, but asking reaches me
}

# action: from which states, to which (for a repeat), and how
_ACTIONS: dict[str, tuple[frozenset[ContactState], frozenset[ContactState], Change]] = {
    "accept": (frozenset({ASKS}), frozenset({CONNECTED}), _accept),
    "decline": (frozenset({ASKS}), frozenset({CLOSED}), _decline),
    "reopen": (frozenset({CLOSED}), frozenset({ASKS}), _reopen),
    "withdraw": (frozenset({ASKED}), frozenset({CLOSED}), _withdraw),
    "block": (frozenset({ASKED, ASKS, CONNECTED, CLOSED}), frozenset({BLOCKED}), _block),
    "unblock": (frozenset({BLOCKED}), frozenset({ASKED, ASKS, CONNECTED, CLOSED}), _unblock),
}


async def _announce(before: Pair | None, after: Pair, me: Uid) -> Contact:
    """Tell each side what changes for it, and the other's sessions of a block."""
    peer = after.peer_of(me)
    mine = await _own(me, peer)
    if before is None or before.seen_by(me) != after.seen_by(me):
        await _tell([me], mine)
    if before is None or before.seen_by(peer) != after.seen_by(peer):
        await _tell([peer], await _own(peer, me))
    elif before != after:
        await fanout.forget([peer], after.conv)
    return mine


async def _tell(users: Iterable[Uid], contact: Contact) -> None:
    conv, peer, since = Id(contact.conv), Id(contact.peer), contact.since
    if contact.state is ASKS:
        frame: protocol.Frame = protocol.Request(conv=conv, peer=peer, since=since)
    else:
        frame = protocol.Connection(conv=conv, peer=peer, since=since, state=contact.state.value)
    await fanout.deliver(users, frame)


def _named(contact: Contact, people: Mapping[Uid, Person]) -> Person:
    return people.get(contact.peer) or Person(contact.peer, "", "")


async def _own(me: Uid, peer: Uid) -> Contact:
    """Raises Busy where the pair is there and its contact rows are not, yet."""
    contact = await between(me, peer)
    if contact is None:
        raise Busy
    return contact
