"""The HTTP interface of what ends and begins devices and accounts: the reset, the mailbox that
allows it, and what became of a device."""

from django.http import HttpRequest

from accounts import agents, firstsession, limits, mailbox, protocol, reset
from accounts import standing as standings
from accounts.api import Caller, Need, api, public
from accounts.clock import now_ms
from accounts.protocol import Done


@public("POST", body=protocol.ResetStart, limit=limits.RESET_START)
def start(request: HttpRequest, body: protocol.ResetStart) -> Done:
    reset.start(body.name, now_ms())
    return Done()


@public("POST", body=protocol.ResetOpen, limit=limits.RESET)
def opened(request: HttpRequest, body: protocol.ResetOpen) -> protocol.ResetOpened:
    return reset.opened(body.token, now_ms())


@public("POST", body=protocol.ResetFinish, limit=limits.RESET)
def finish(request: HttpRequest, body: protocol.ResetFinish) -> protocol.Enrolled:
    now = now_ms()
    agent = agents.in_words(request.headers.get("User-Agent", ""))
    user, device = reset.finish(body, agent, now)
    return firstsession.begin(request, user, device, now)


@public("POST", body=protocol.StandingQuestion, limit=limits.STANDING)
def standing(request: HttpRequest, body: protocol.StandingQuestion) -> protocol.Standing:
    return standings.of(body)


@api("GET", need=Need.PROOF)
def read_email(request: HttpRequest, who: Caller) -> protocol.EmailAnswer:
    return mailbox.read(who.record.user)


@api("PUT", need=Need.UNLOCKED, body=protocol.NewEmail)
def put_email(request: HttpRequest, who: Caller, body: protocol.NewEmail) -> protocol.EmailAnswer:
    """Whoever reads that mailbox may take the account over, so it asks the password."""
    return mailbox.want(who.record.user, body.address, now_ms())


@api("POST", need=Need.PROOF, body=protocol.EmailCode)
def confirm_email(
    request: HttpRequest, who: Caller, body: protocol.EmailCode
) -> protocol.EmailAnswer:
    return mailbox.confirm(who.record.user, body.code, now_ms())


@api("DELETE", need=Need.PROOF, limit=limits.WRITES)
def remove_email(request: HttpRequest, who: Caller) -> protocol.EmailAnswer:
    return mailbox.remove(who.record.user)
