"""manage.py delete_account NAME: an account goes, for good, with a receipt."""

import asyncio
import math
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import closing, names
from accounts.closing import Deletion
from accounts.models import Device, SessionRecord, User
from chatsite.copying import Problem
from chatsite.leaving import deletion
from chatsite.running.clock import now_ms
from chatsite.running.progress import Progress
from media import rows as blob_rows
from messaging.backends import connection_store
from messaging.models import Invite
from moderation import audit

ACTOR = "manage.py delete_account"


class Command(BaseCommand):
    help = (
        "Delete the account NAME, for good: nobody can sign in to it from now on, its sessions "
        "end everywhere at once, its keys, notes, settings and invites go, its conversations "
        "are closed. The others keep what was written, see 'Deleted account' in its place, and "
        "cannot write to it; with --erase-messages what it sent is erased as well, messages and "
        "files, as far as the server has it. Its name stays reserved, and the public keys of "
        "its devices stay, so that others can still verify what they have. Reports and "
        "decisions stay. It prints a receipt with an id, times and counts. People do this by "
        "themselves, in Settings. Policy: only when the person asks for it, recognised by other "
        "means than a message through this site, or when a law says so; to keep somebody out, "
        "suspend. A backup brings the account back: run it once more after a restore. Safe to "
        "interrupt and to repeat: it goes on where it was, and prints the receipt of what is "
        "done. Each use is an entry in the audit log."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the username")
        parser.add_argument(
            "--erase-messages", action="store_true", help="what the account sent goes, too"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would go, no more")

    def handle(self, *args: Any, **options: Any) -> None:
        people = User.objects.filter(head_k__gt=0)
        user = people.filter(username=names.folded(options["name"])).first()
        if user is None:
            raise CommandError("There is no such person; `suspend` shuts staff accounts.")
        contacts = len(asyncio.run(connection_store().contacts(user.uid)))
        if options["dry_run"]:
            self.stdout.write(_plan(user, contacts, erase=options["erase_messages"]))
            return
        with audit.turn():
            begun = closing.begin(user, erase=options["erase_messages"], now_ms=now_ms())
            details = {"erase": begun.erase, "receipt": begun.receipt.hex()}
            audit.write(ACTOR, "delete", f"person {user.uid.hex()}", details)
        try:
            done = asyncio.run(_finish(begun, Progress(self.stdout)))
        except Problem as problem:
            raise CommandError(f"{problem} Run it again: it goes on.") from problem
        self.stdout.write(receipt(done))
        if options["erase_messages"] and not done.erase:
            self.stdout.write("It was deleted before, without its messages: they stay.")


async def _finish(begun: Deletion, progress: Progress) -> Deletion:
    progress.begin("conversations", len(await deletion.left(begun)))
    done = begun
    while done.ended is None:
        done = await deletion.go_on(done, math.inf, progress.step)
    progress.end()
    return done


def receipt(row: Deletion) -> str:
    """For people: what is gone, and when."""
    erased = f"{row.messages:,} messages erased" if row.erase else "messages were left"
    ended = _moment(row.ended) if row.ended else "under way"
    return (
        f"Receipt {row.receipt.hex()}: account {row.user.username} deleted, begun "
        f"{_moment(row.began)}, ended {ended}. {row.sessions} sessions, {row.devices} devices, "
        f"{row.keys} sealed keys, {row.notes} notes, {row.invites} invites and {row.files} files "
        f"of no message are gone; {row.conversations:,} conversations closed; {erased}."
    )


def _plan(user: User, contacts: int, *, erase: bool) -> str:
    if found := Deletion.objects.select_related("user").filter(user=user).first():
        return receipt(found)
    what = "what it sent would be erased" if erase else "what it sent would stay"
    return (
        f"{user.username}: {SessionRecord.objects.filter(user=user).count()} sessions and "
        f"{Invite.objects.filter(user=user).count()} invites would go, "
        f"{Device.objects.filter(user=user, gone_at=None).count()} devices, and {contacts:,} "
        f"conversations be closed; {what}. Its files take {blob_rows.used_by(user.uid):,} bytes."
    )


def _moment(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(sep=" ", timespec="seconds")
