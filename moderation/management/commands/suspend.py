"""manage.py suspend NAME: an account rests, at once and everywhere, until a time or for good."""

from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import names, suspending
from accounts.models import User
from accounts.suspending import FOREVER, Kind, Reason
from chatsite.running.clock import now_ms
from moderation import audit, deciding
from moderation.deciding import Changed, Verdict
from moderation.listing import moment
from moderation.models import Decision, Measure

ACTOR = "manage.py suspend"
UNITS_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}
MOST = 1000  # of a unit; longer is for good
REASONS = {reason.name.lower(): reason for reason in Reason}


class Command(BaseCommand):
    help = (
        "Suspend the account NAME: it is out everywhere at once and can neither send nor get "
        "messages; its people are told why, and nothing of it is deleted. What others send it "
        "waits. --for ends it by itself; without it, it has no end. --undo takes back all "
        "suspensions of the account. Safe to repeat. Each use is an entry in the audit log."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the username")
        parser.add_argument(
            "--for", type=_time, dest="ms", metavar="TIME", help="30s, 30m, 12h, 7d or 4w"
        )
        parser.add_argument(
            "--reason", choices=REASONS, default="rules", help="what the person is told"
        )
        parser.add_argument(
            "--requests", action="store_true", help="only keep them from asking new people"
        )
        parser.add_argument("--undo", action="store_true", help="let the person in again")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, no more")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=names.folded(options["name"])).first()
        if user is None or hasattr(user, "deletion"):
            raise CommandError("There is no such account.")
        if not (user.head_k or options["undo"]) and (options["ms"] or options["requests"]):
            raise CommandError(
                "An account of staff is shut until --undo: without --for, --requests."
            )
        until = now_ms() + options["ms"] if options["ms"] else FOREVER
        kind = Kind.REQUESTS if options["requests"] else Kind.ALL
        if not options["dry_run"]:
            try:
                with audit.turn():
                    if options["undo"]:
                        _undo(user)
                    else:
                        _suspend(user, kind, until, REASONS[options["reason"]])
            except Changed:
                raise CommandError("Staff changed a decision meanwhile. Run it again.") from None
        self.stdout.write(f"{user.username} {_outcome(options, kind, until)}.")


def _suspend(user: User, kind: Kind, until: int, reason: Reason) -> None:
    if user.head_k:
        deciding.command(user, Verdict(_measure(kind, until), reason), until, ACTOR, now_ms())
    else:  # staff have no device and no page that would say anything: their account is shut
        User.objects.filter(pk=user.pk).update(is_active=False)
        _note("suspend", user)


def _measure(kind: Kind, until: int) -> Measure:
    if kind is Kind.REQUESTS:
        return Measure.RESTRICT
    return Measure.BAN if until == FOREVER else Measure.SUSPEND


def _undo(user: User) -> None:
    """Also what an earlier version did, which shut the account itself."""
    standing = Decision.objects.filter(user=user, measure__in=deciding.KINDS, undone=None)
    for decision in standing.exclude(until__lte=now_ms()):
        deciding.undo(decision, decision.version, ACTOR, now_ms())
    User.objects.filter(pk=user.pk).update(is_active=True)
    suspending.announce(user, now_ms())
    _note("suspend_undo", user)


def _note(action: str, user: User) -> None:
    audit.write(ACTOR, action, f"person {user.uid.hex()}", {})


def _outcome(options: dict[str, Any], kind: Kind, until: int) -> str:
    if options["undo"]:
        return "is active"
    what = "is suspended" if kind is Kind.ALL else "may not ask new people"
    return what if until == FOREVER else f"{what} until {moment(until)} UTC"


def _time(text: str) -> int:
    """In ms."""
    number, unit = text[:-1], text[-1:]
    fits = number.isascii() and number.isdecimal() and len(number) <= 4 and unit in UNITS_MS
    if not fits or not 0 < int(number) <= MOST:
        raise ArgumentTypeError(f"{text} is no time such as 30m, 12h, 7d or 4w.")
    return int(number) * UNITS_MS[unit]
