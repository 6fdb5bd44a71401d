"""manage.py rotate_secrets: new keys for the server's secrets."""

import os
from argparse import RawDescriptionHelpFormatter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatsite import control, env, make_secrets
from chatsite.keyfile import Line
from chatsite.rotation import files
from chatsite.rotation.purposes import FIXED, ROTATED, is_past
from chatsite.running.clock import now_ms
from chatsite.running.progress import Progress
from moderation import audit

ACTOR = "manage.py rotate_secrets"
HELP = """Give secrets in var/secrets a new key, which counts from the next start of the site on.
What older keys signed or sealed stays good: they are kept as long as something needs them. Without
a name the secrets are listed, and nothing is changed.

1. rotate_secrets NAME, then restart the site.
2. rotate_secrets NAME --prune, a day later or whenever you like: what older keys sealed is sealed
   again, and keys that nothing needs are dropped.

Where the site has several processes, each must know a key before another uses it:
rotate_secrets NAME --announce, copy var/secrets to all and restart them; then 1 and 2, and after
each copy again. Moderation needs neither --announce nor a restart.

A good habit: franking each quarter, moderation each year. A key that was stolen is no good from the
rotation on, but what it made before stays good until it is dropped."""
UNANNOUNCED = (
    "Several processes: first --announce {0}, copy var/secrets to all of them, restart them."
)


class Command(BaseCommand):
    def create_parser(self, *args: Any, **options: Any) -> CommandParser:
        parser = super().create_parser(*args, **options)
        parser.formatter_class = RawDescriptionHelpFormatter
        kept = [f"  {name}: {_kept(name)}" for name in ROTATED]
        fixed = [f"  {name}: {why}" for name, why in FIXED.items()]
        parser.description = HELP
        parser.epilog = "\n".join([
            "what is made by it, and how long a replaced key is kept:", *kept,
            "never rotated, because", *fixed,
        ])  # fmt: skip
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME", help="secrets, or `all`")
        what = parser.add_mutually_exclusive_group()
        what.add_argument(
            "--announce", action="store_true", help="make the next key known, no more"
        )
        what.add_argument("--prune", action="store_true", help="make no key; seal again and drop")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, no more")

    def handle(self, *args: Any, **options: Any) -> None:
        self._folder, self._dry = Path(settings.VAR) / "secrets", options["dry_run"]
        self._today = datetime.fromtimestamp(now_ms() / 1000, UTC).date()
        names = _chosen(options["names"])
        try:
            with files.held(self._folder):
                if not names:
                    self._list()
                for name in names:
                    if options["prune"]:
                        self._prune(name)
                    else:
                        self._rotate(name, announce=options["announce"])
        except (env.BadSetting, OSError) as error:
            raise CommandError(str(error)) from error
        if names and not options["prune"] and not self._dry:
            self._tell_next(names)

    def _list(self) -> None:
        for name in (*ROTATED, *FIXED):
            lines = files.read(self._folder, name)
            used = next(line for line in lines if not line.announced)
            words = [f"{line.kid} {_state(line, used, self._today)}" for line in lines]
            self.stdout.write(f"{name}: {', '.join(words)}")

    def _rotate(self, name: str, *, announce: bool) -> None:
        lines = files.read(self._folder, name)
        if announce:
            after = files.announce(lines)
        elif files.announced(lines) or ROTATED[name].read_late or not _has_several():
            after = files.rotated(lines, self._today)
        else:
            raise CommandError(UNANNOUNCED.format(name))
        kid = after[0].kid
        self._store(name, after, "secret_announced" if announce else "secret_rotated", kid)
        done = "is announced" if announce else "is in use"
        self.stdout.write(f"{name}: {kid} {'would be' if self._dry else done}; "
                          f"{len(after) - 1} older")  # fmt: skip

    def _prune(self, name: str) -> None:
        sealed, left = self._reseal(name)
        lines = files.read(self._folder, name)
        past = [line for line in lines if not self._is_kept(name, line)]
        if past:
            kept = [line for line in lines if line not in past]
            before = (self._folder / name).stat()
            self._store(name, kept, "secret_pruned", " ".join(line.kid for line in past))
            # Its newest key is as old as it was: `_require_restarted` goes by that.
            os.utime(self._folder / name, ns=(before.st_atime_ns, before.st_mtime_ns))
        would = "would be " if self._dry else ""
        self.stdout.write(
            f"{name}: {sealed} {would}sealed again, {len(past)} keys {would}dropped, "
            f"{len(lines) - len(past)} kept"
        )
        if left:
            self.stdout.write(f"{name}: {left} rows were sealed by a key that is not there")

    def _is_kept(self, name: str, line: Line) -> bool:
        return not is_past(ROTATED[name], line, self._today)

    def _reseal(self, name: str) -> tuple[int, int]:
        """How many rows were sealed again, and how many cannot be."""
        reseal = ROTATED[name].reseal
        if reseal is None:
            return 0, 0
        self._require_restarted(name)
        keys = env.secret(self._folder, name)
        older = sum(ROTATED[name].needed(line) for line in files.read(self._folder, name)
                    if line.kid != keys[0][0])  # fmt: skip
        if self._dry:
            return older, 0
        progress, done = Progress(self.stdout), []
        progress.begin(name, older)
        for sealed in reseal(keys[0][0], dict(keys)):
            done.append(sealed)
            progress.step()
        progress.end()
        return sum(done), len(done) - sum(done)

    def _require_restarted(self, name: str) -> None:
        """A process that does not know the newest key could not open what is sealed by it."""
        changed = (self._folder / name).stat().st_mtime
        if control.is_running() and control.path().stat().st_mtime < changed:
            raise CommandError(f"{name}: the site runs without its newest key. Restart it first.")

    def _store(self, name: str, lines: Sequence[Line], action: str, said: str) -> None:
        if self._dry:
            return
        files.store(self._folder, name, lines)
        if name == make_secrets.MODERATION:
            make_secrets.publish_newest(self._folder, now_ms())
        audit.write(ACTOR, action, name, {"kid": said})

    def _tell_next(self, names: Sequence[str]) -> None:
        if _has_several():
            self.stdout.write("Copy var/secrets to each process of the site, and restart it.")
        elif any(not ROTATED[name].read_late for name in names):
            self.stdout.write("Restart the site: it uses the keys that it read at its start.")


def _chosen(names: Sequence[str]) -> list[str]:
    for name in names:
        if name in FIXED:
            raise CommandError(f"{name} is never rotated: {FIXED[name]}.")
        if name not in ROTATED and name != "all":
            raise CommandError(f"There is no secret {name!r}; there are {', '.join(ROTATED)}.")
    return list(ROTATED) if "all" in names else list(dict.fromkeys(names))


def _has_several() -> bool:
    return settings.ENGINE == "distributed"


def _kept(name: str) -> str:
    purpose = ROTATED[name]
    until = f", and until {purpose.until}" if purpose.until else ""
    return f"{purpose.made}; {_days(purpose.days)}{until}"


def _days(number: int) -> str:
    return "a day" if number == 1 else f"{number} days"


def _state(line: Line, used: Line, today: date) -> str:
    if line.announced:
        return "announced"
    if line == used:
        return "in use"
    if line.replaced is None:
        return "replaced, nobody wrote down when"
    return f"replaced {(today - line.replaced).days} days ago"
