"""manage.py verify_audit: whether the audit log is as it was written."""

import re
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatsite.running.progress import Progress
from moderation import audit

HEAD = re.compile(r"[0-9a-fA-F]{64}")


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
        given = options["head"]
        if given is not None and not HEAD.fullmatch(given):  # an empty one, too: of a script
            raise CommandError("--head takes 64 hex digits")
        progress, head = Progress(self.stdout), None if given is None else bytes.fromhex(given)
        try:
            chain = audit.verify(head, progress.so_far)
        except audit.Broken as broken:
            raise CommandError(f"The audit log does not hold: {broken}.") from broken
        progress.say(f"{chain.entries} entries hold. Head {chain.head.hex()}")
