"""The HTTP interface of accounts (docs/encryption.md 4.18): bodies in, use case, body out."""

import functools
from http import HTTPStatus

from django.db.transaction import atomic
from django.http import HttpRequest, HttpResponse

from accounts import (
    agents,
    credentials,
    devices,
    firstsession,
    hooks,
    links,
    notes,
    privacy,
    proof,
    protocol,
    rates,
    sessions,
    signin,
    signup,
    suspending,
    vault,
    wraps,
)
from accounts import profile as profiles
from accounts.api import Caller, Need, api
from accounts.models import Device
from accounts.protocol import Done
from chatsite.edge import limits
from chatsite.edge.endpoints import View, public
from chatsite.edge.refusals import Refusal, bad
from chatsite.edge.wire import B32, B40, Id
from chatsite.running.clock import now_ms
from e2ee.encoding import id_from_hex

# ---------------------------------------------------------------- for anybody


@public("POST", body=protocol.Start, limit=rates.START)
def start(request: HttpRequest, body: protocol.Start) -> protocol.Started:
    return signin.start(body.name)


@public("POST", body=protocol.SignUpStart, limit=rates.SIGN_UP_START)
def sign_up_start(request: HttpRequest, body: protocol.SignUpStart) -> protocol.SignUpStarted:
    if request.session.session_key is None:
        request.session.set_expiry(signup.RESERVED_MS // 1000)  # of nobody yet: need not last
        request.session.create()
    return signup.reserve(body.name, _session_hash(request), now_ms(), body.invite)


@public("POST", body=protocol.SignUp, limit=rates.SIGN_UP)
def sign_up(request: HttpRequest, body: protocol.SignUp) -> protocol.Enrolled:
    now = now_ms()
    agent = agents.in_words(request.headers.get("User-Agent", ""))
    user, device = signup.finish(body, _session_hash(request), agent, now)
    return firstsession.begin(request, user, device, now)


@public("POST", body=protocol.SignIn, limit=rates.SIGN_IN)
def sign_in(request: HttpRequest, body: protocol.SignIn) -> protocol.SignedIn:
    """Who is suspended is refused and still gets a session, without its grant: it opens the page
    that says why, and their appeal, and nothing else."""
    now = now_ms()
    row = signin.check(body, now)
    with atomic():
        row = signin.hold_proved(row, body.auth, body.code_auth)
        user = row.user
        record = sessions.begin(request, user, now)
        grant = proof.open_grant(record, now)
    suspending.check(user, suspending.Kind.ALL, now)
    return protocol.SignedIn(
        uid=Id(user.uid),
        name=user.username,
        display_name=user.display_name,
        pepper=B32(credentials.open_pepper(row.pepper_kid, user.uid, row.pepper)),
        grant=B32(grant),
    )


# ---------------------------------------------------------------- for a session


@api("GET", need=Need.SESSION, suspended=True)
def nonce(request: HttpRequest, who: Caller) -> protocol.Nonce:
    return protocol.Nonce(nonce=B40(proof.new_nonce(who.record.session_id, now_ms())))


@api("POST", need=Need.SESSION, limit=rates.LIVE_TOKEN)
def live_token(request: HttpRequest, who: Caller) -> protocol.LiveToken:
    """With a device proof, a session that has no device yet takes up this one: its browser has
    signed in before and kept its keys."""
    now = now_ms()
    record = who.record
    if record.device is None:
        if proof.PROOF_HEADER not in request.headers:
            raise Refusal(403, "enrol", "This browser is not on your list of devices yet.")
        sessions.take_up(record, _proved_device(request, who, now))
    sessions.touch(record, now)
    request.session.modified = True  # the cookie lives on from here
    return protocol.LiveToken(
        token=devices.live_token(record, now),
        device=Id(who.device),
        head=devices.head(record.user),
    )


def clearing(view: View) -> View:
    """What the browser keeps of this site goes with the session; other tabs lose it, too."""

    @functools.wraps(view)
    def serve(request: HttpRequest, **arguments: str) -> HttpResponse:
        response: HttpResponse = view(request, **arguments)
        if response.status_code == HTTPStatus.OK:
            response.headers["Clear-Site-Data"] = '"storage"'
        return response

    return serve


@clearing
@api("DELETE", need=Need.SESSION, suspended=True)
def sign_out(request: HttpRequest, who: Caller) -> Done:
    """Needs no proof: a browser whose keys are lost must be able to leave, too. Without one the
    device stays on the list, so that a stolen cookie cannot strike it off."""
    now = now_ms()
    proved = proof.PROOF_HEADER in request.headers and who.record.device is not None
    if proved:
        proof.check_device(request, who, now)
    sessions.sign_out(who, now, device_too=proved)
    request.session.flush()
    return Done()


# ---------------------------------------------------------------- for a device, or under a grant


@api("GET", need=Need.GRANT)
def read_vault(request: HttpRequest, who: Caller) -> protocol.VaultAnswer:
    return vault.read(who.record.user)


@api("GET", need=Need.PROOF_OR_GRANT)
def read_wraps(request: HttpRequest, who: Caller) -> protocol.Wraps:
    return wraps.read(who.record.user, None if who.granted else who.device)


@api("GET", need=Need.PROOF_OR_GRANT, limit=rates.DIRECTORY)
def read_links(request: HttpRequest, who: Caller) -> protocol.Links:
    after = request.GET.get("after", "0")
    if not (after.isascii() and after.isdecimal() and len(after) <= 10):
        bad("bad_query", "after is the number of a link.")
    return devices.read_links(who.record.user, int(after))


@api("POST", need=Need.PROOF, body=protocol.ReadLists, limit=rates.DIRECTORY)
def read_lists(_request: HttpRequest, who: Caller, body: protocol.ReadLists) -> protocol.Lists:
    """A new device asks for those of all its contacts, in few requests. Each stranger that is
    asked for counts (docs/adr/0012)."""
    after = {bytes(wanted.uid): wanted.after for wanted in body.lists}
    lists = devices.read_lists(who.uid, after)
    if strangers := len(after) - len(lists):
        limits.take(rates.DIRECTORY, who.uid, now_ms(), strangers)
    return protocol.Lists(lists=lists)


@api("POST", need=Need.UNLOCKED_OR_GRANT, body=protocol.NewLink, limit=limits.WRITES)
def store_link(request: HttpRequest, who: Caller, body: protocol.NewLink) -> protocol.LinkStored:
    now = now_ms()

    def signed_by(key_of: links.KeyOf) -> bytes:
        return proof.signed_by(request, who, now, key_of)

    return links.store(who, body, signed_by, now)


@api("GET", need=Need.PROOF_OR_GRANT)
def list_sessions(request: HttpRequest, who: Caller) -> protocol.Sessions:
    return protocol.Sessions(sessions=sessions.listed(who, now_ms()))


@api("DELETE", need=Need.PROOF_OR_GRANT)
def sign_out_other(request: HttpRequest, who: Caller, session: str) -> Done:
    sessions.sign_out_other(who, id_from_hex(session), now_ms())
    return Done()


@api("POST", need=Need.PROOF, body=protocol.Unlock, suspended=True)
def unlock(request: HttpRequest, who: Caller, body: protocol.Unlock) -> protocol.Unlocked:
    return vault.unlock(who, body, now_ms())


@api("PUT", need=Need.UNLOCKED, body=protocol.NewPassword, limit=limits.WRITES)
def put_password(request: HttpRequest, who: Caller, body: protocol.NewPassword) -> Done:
    vault.new_password(who, body, now_ms())
    return Done()


@api("PUT", need=Need.UNLOCKED, body=protocol.NewCode, limit=limits.WRITES)
def put_code(request: HttpRequest, who: Caller, body: protocol.NewCode) -> Done:
    vault.new_code(who, body, now_ms())
    return Done()


@api("DELETE", need=Need.UNLOCKED, limit=limits.WRITES)
def drop_factor(request: HttpRequest, who: Caller, factor: str) -> Done:
    vault.drop_factor(who, id_from_hex(factor), now_ms())
    return Done()


@api("GET", need=Need.PROOF, limit=rates.NOTES)
def read_notes(request: HttpRequest, who: Caller) -> protocol.Notes:
    return notes.read(who.record.user)


@api("PUT", need=Need.PROOF, body=protocol.Note, limit=limits.WRITES)
def put_note(request: HttpRequest, who: Caller, body: protocol.Note) -> Done:
    notes.put(who.record.user, body)
    hooks.note_changed(who.uid, who.device, body.version)
    return Done()


@api("PUT", need=Need.PROOF, body=protocol.DisplayName, limit=limits.WRITES)
def rename(request: HttpRequest, who: Caller, body: protocol.DisplayName) -> Done:
    profiles.rename(who.record.user, body.display_name)
    hooks.account_changed(who.uid)
    return Done()


@api("GET", need=Need.PROOF)
def read_privacy(request: HttpRequest, who: Caller) -> protocol.Privacy:
    return privacy.read(who.record.user)


@api("PUT", need=Need.PROOF, body=protocol.Privacy, limit=limits.WRITES)
def put_privacy(request: HttpRequest, who: Caller, body: protocol.Privacy) -> Done:
    privacy.change(who.record.user, body, now_ms())
    return Done()


def _session_hash(request: HttpRequest) -> bytes:
    return sessions.hash_of(request.session.session_key or "")


def _proved_device(request: HttpRequest, who: Caller, now: int) -> Device:
    """A device of the account that is not gone, whose key signs this request."""
    present = Device.objects.filter(user=who.record.user, gone_at=None)
    keys = dict(present.values_list("device", "signing_key"))
    return present.get(device=proof.signed_by(request, who, now, keys.get))
