"""manage.py verify_audit: whether the audit log is as it was written."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from moderation import audit


class Command(BaseCommand):
    help = (
        "Read the whole audit log, which staff and commands write, and check that no entry was "
        "changed, left out or put in since. A log that was written again as a whole, by somebody "
        "with the secrets, shows by --head alone: give it a head that stood in the server's log "
        "(one a day) or that this command printed before. It changes nothing. "
        "Exit: 0 the log holds, 1 it does not."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--head", metavar="HEX", help="a head from before, 64 hex digits")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            head = bytes.fromhex(options["head"]) if options["head"] else None
        except ValueError as error:
            raise CommandError("--head takes 64 hex digits") from error
        try:
            chain = audit.verify(head)
        except audit.Broken as broken:
            raise CommandError(f"The audit log does not hold: {broken}.") from broken
        self.stdout.write(f"{chain.entries} entries hold. Head {chain.head.hex()}")
