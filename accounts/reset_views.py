"""The HTTP interface of the reset, of the mailbox that allows it, and of what became of a
device."""

from django.http import HttpRequest

from accounts import agents, firstsession, hooks, mailbox, protocol, rates, reset
from accounts import standing as standings
from accounts.api import Caller, Need, api
from accounts.protocol import Done
from chatsite.edge import limits
from chatsite.edge.endpoints import public
from chatsite.running.clock import now_ms


@public("POST", body=protocol.ResetStart, limit=rates.RESET_START)
def start(request: HttpRequest, body: protocol.ResetStart) -> Done:
    reset.start(body.name, now_ms())
    return Done()


@public("POST", body=protocol.ResetOpen, limit=rates.RESET)
def opened(request: HttpRequest, body: protocol.ResetOpen) -> protocol.ResetOpened:
    return reset.opened(body.token, now_ms())


@public("POST", body=protocol.ResetFinish, limit=rates.RESET)
def finish(request: HttpRequest, body: protocol.ResetFinish) -> protocol.Enrolled:
    now = now_ms()
    agent = agents.in_words(request.headers.get("User-Agent", ""))
    user, device = reset.finish(body, agent, now)
    return firstsession.begin(request, user, device, now)


@public("POST", body=protocol.StandingQuestion, limit=rates.STANDING)
def standing(request: HttpRequest, body: protocol.StandingQuestion) -> protocol.Standing:
    return standings.of(body)


@api("GET", need=Need.PROOF)
def read_email(request: HttpRequest, who: Caller) -> protocol.EmailAnswer:
    return mailbox.read(who.record.user)


@api("PUT", need=Need.UNLOCKED, body=protocol.NewEmail)
def put_email(request: HttpRequest, who: Caller, body: protocol.NewEmail) -> protocol.EmailAnswer:
    """Anybody who reads that mailbox may take the account, so it asks for the password."""
    return _told(who, mailbox.want(who.record.user, body.address, now_ms()))


@api("POST", need=Need.PROOF, body=protocol.EmailCode)
def confirm_email(
    request: HttpRequest, who: Caller, body: protocol.EmailCode
) -> protocol.EmailAnswer:
    return _told(who, mailbox.confirm(who.record.user, body.code, now_ms()))


@api("DELETE", need=Need.PROOF, limit=limits.WRITES)
def remove_email(request: HttpRequest, who: Caller) -> protocol.EmailAnswer:
    return _told(who, mailbox.remove(who.record.user))


def _told(who: Caller, answer: protocol.EmailAnswer) -> protocol.EmailAnswer:
    hooks.account_changed(who.uid)
    return answer
