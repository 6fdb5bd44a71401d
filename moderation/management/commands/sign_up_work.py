"""manage.py sign_up_work [on|off|auto]: whether signing up costs a browser some seconds of work."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts import work
from accounts.protocol import WORK_BITS_MAX, WORK_BITS_MIN
from chatsite.running.clock import now_ms
from moderation import audit

ACTOR = "manage.py sign_up_work"


class Command(BaseCommand):
    help = (
        "Say whether signing up asks for a proof of work, or set it: `on`, `off`, or `auto`, which "
        "asks for ten minutes since the last one in which more than SIGN_UP_WORK_ABOVE tried. It "
        "holds at once on all processes, until it is set again. Policy: it slows programs down "
        "that make accounts by the hundred, and costs people some seconds, which mostly pass while "
        "they write down their recovery code. It keeps nobody out who has much computing power: "
        "then REGISTRATION=approval, invite or closed does. Safe to repeat. "
        "Each change is an entry in the audit log."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("mode", nargs="?", choices=work.SignUpWork.Mode.values, metavar="MODE")
        parser.add_argument(
            "--bits", type=int, choices=range(WORK_BITS_MIN, WORK_BITS_MAX + 1), metavar="BITS",
            help=f"{WORK_BITS_MIN} to {WORK_BITS_MAX}; one more is twice the work. "
            f"{work.SignUpWork.BITS} takes a telephone two to five seconds",
        )  # fmt: skip
        parser.add_argument("--dry-run", action="store_true", help="say how it is, change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        given = {name: options[name] for name in ("mode", "bits") if options[name] is not None}
        if given and not options["dry_run"]:
            with audit.turn():
                work.SignUpWork.objects.update_or_create(pk=work.SignUpWork.ONE, defaults=given)
                audit.write(ACTOR, "sign_up_work", "site", given)
        self.stdout.write(work.said(now_ms()))
