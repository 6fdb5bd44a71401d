"""manage.py reset_account NAME: a one-time link for somebody who lost every way in."""

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import names, reset
from accounts.models import Device, SessionRecord, User
from chatsite.running.clock import now_ms
from moderation import audit

ACTOR = "manage.py reset_account"


class Command(BaseCommand):
    help = (
        "Print a link, good once and for 24 hours, by which a person starts the account NAME over: "
        "other keys, password and recovery code. Their old messages stay closed for them, for "
        "good; their contacts stay, and are asked to confirm the new identity before they write. "
        "Policy: anybody who holds the link gets the account. Make it only for a person whom you "
        "have recognised by other means than a message through this site (in person, by voice, a "
        "known mail address), after asking whether the password, the recovery code or one browser "
        "that is still signed in is really gone: with any of them nothing need be lost. Hand the "
        "link over on a way that you trust as much. That it was made stands in the audit log; "
        "its use is logged."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the username")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, no more")

    def handle(self, *args: Any, **options: Any) -> None:
        people = User.objects.filter(is_active=True, head_k__gt=0)
        user = people.filter(username=names.folded(options["name"])).first()
        if user is None:
            raise CommandError("There is no such person; staff accounts have nothing to reset.")
        self.stdout.write(f"{user.username} ({user.display_name}), account {user.uid.hex()}")
        self.stdout.write(
            f"The link ends {SessionRecord.objects.filter(user=user).count()} sessions and retires "
            f"{Device.objects.filter(user=user, gone_at=None).count()} devices, when it is used."
        )
        if options["dry_run"]:
            return
        now = now_ms()
        until = datetime.fromtimestamp((now + reset.BY_OPERATOR_MS) / 1000, UTC)
        with audit.turn():
            token = reset.make_token(user, reset.BY_OPERATOR_MS, now)
            person = f"person {user.uid.hex()}"
            audit.write(ACTOR, "reset_link", person, {"until": now + reset.BY_OPERATOR_MS})
        self.stdout.write(f"Good until {until.isoformat(sep=' ', timespec='minutes')}:")
        self.stdout.write(reset.address_of(token))
