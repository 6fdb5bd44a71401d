"""From where to where: the site of these settings, and the one that the variables TO_… name."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.utils import ConnectionHandler
from django.utils.module_loading import import_string

from chatsite import alone, control, engines, env, needs, services
from chatsite.copying import Problem
from chatsite.make_secrets import MODERATION, MODERATION_ID, PUBLISHED
from chatsite.running import away
from chatsite.running.needs import Need, Unfit, wait_for
from media.stores import BlobStore
from messaging.backends.tables import Tables
from presence.registry import wall_clock

ACCOUNTS = "elsewhere_accounts"  # alias of the target's database of accounts
KEEPS = "default"
SECRETS = "secrets"
REPORTS = (MODERATION_ID, MODERATION, PUBLISHED)
BUCKET = ("ENDPOINT_URL", "BUCKET")  # what tells one from another
# Variables that say where the data of a site is.
PLACES = (*engines.DISTRIBUTED_ONLY, *services.S3_NEEDED, *services.S3_MORE, "DATABASE_URL")


@dataclass(frozen=True)
class Target:
    """The site that is copied to, which nobody serves."""

    engine: Mapping[str, Any]
    var: Path
    variables: Mapping[str, str]

    @property
    def place(self) -> str:
        """For people and for the checkpoint; without a password."""
        return f"{_messages(self.engine)}, accounts in {_accounts(self.engine)}"

    @property
    def keeps_accounts(self) -> bool:
        """They are in one PostgreSQL on both engines: nothing is to be copied."""
        return _accounts(self.engine) == _accounts(_ours())

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        return manage(self.variables, *words)

    def tables(self) -> Tables:
        adapter: type[Tables] = import_string(self.engine["TABLES"])
        return adapter.elsewhere(self.engine)

    @property
    def keeps_blobs(self) -> bool:
        """They are in one bucket on both engines: nothing is to be copied."""
        there: Mapping[str, str] = self.engine.get("S3", {})
        return bool(there) and all(settings.S3.get(of) == there[of] for of in BUCKET)

    def blobs(self) -> BlobStore:
        adapter = import_string(self.engine["BLOB_STORE"])
        store: BlobStore = adapter(
            self.engine.get("S3") or self.var / Path(settings.BLOB_FOLDER).name
        )
        return store


def manage(variables: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """A command of the site that has these variables, in a process of its own."""
    command = [sys.executable, "-W", "ignore", str(settings.BASE_DIR / "manage.py"), *words]
    return subprocess.run(  # noqa: S603 -- our own command
        command, env={**variables}, capture_output=True, text=True, check=False
    )


def target(to: str) -> Target:
    """Raises Problem where it cannot be."""
    variables = env.of_target(to, PLACES)
    try:
        with env.reading(variables):
            var = env.folder("CHAT_VAR", settings.BASE_DIR / "var")
            _, engine = engines.choose(var)
    except env.BadSetting as error:
        raise Problem(
            f"Where to copy to is not clear: {error}. Variables of the new site have TO_ before "
            "their names."
        ) from error
    if _messages(engine) == _messages(_ours()):
        raise Problem(f"The messages are in {_messages(engine)} already; name another place.")
    return Target(engine, var, variables)


def here() -> Target:
    """This site."""
    return Target(_ours(), Path(settings.VAR), env.ours())


def in_files(var: Path) -> Target:
    """The site that keeps all its data below `var`, with our settings else: what a backup is."""
    variables = env.in_files(var, PLACES)
    with env.reading(variables):
        _, engine = engines.choose(var)
    return Target(engine, var, variables)


def require_stopped(new: Target, by: str = "copy_store") -> None:
    """Nobody serves either site, and nobody begins to as far as this process can hinder it.
    Raises Problem."""
    if control.is_running():
        raise Problem("The site runs. Stop it first: what it writes meanwhile would be lost.")
    if settings.CLAIM:
        try:
            import_string(settings.CLAIM)(by)
        except alone.Taken as taken:
            raise Problem(f"{taken} Stop that process first.") from taken
    require_no_nodes(new)


def require_no_nodes(new: Target | None = None) -> None:
    """Of several processes each has a lease. Raises Problem."""
    for engine, whose in ((_ours(), "the site"), (new.engine if new else {}, "the new site")):
        if engine.get("REDIS_URL"):
            nodes = asyncio.run(_nodes(engine, whose))
            if nodes:
                raise Problem(
                    f"{', '.join(sorted(nodes))} of {whose} runs, or was killed within the last 15 "
                    "seconds. Stop every process first."
                )


def require_whole(what: str = "copied") -> None:
    """This site answers and has the tables of this release. `what` was to be done. Raises
    Problem."""
    checks = [Need(name, import_string(check), where) for name, check, where in settings.NEEDS]
    kept = sorted({"default", "messages"} & settings.DATABASES.keys())
    checks += [Need("The database", needs.database, alias) for alias in kept]
    try:
        wait_for(checks, lambda _: None, 0)
    except Unfit as unfit:
        raise Problem(f"This site cannot be {what}: {unfit}.") from unfit


def prepare(new: Target) -> None:
    """Its secrets and its tables. Raises Problem."""
    _carry_secrets(Path(settings.VAR) / SECRETS, new.var / SECRETS)
    make_tables(new)


def make_tables(new: Target) -> None:
    """And its bucket. Raises Problem."""
    for command in ("migrate", "migrate_store", "storage_setup"):
        done = new.manage(command, "--verbosity", "0")
        if done.returncode:
            *_, said = done.stderr.strip().splitlines() or ["it does not say why"]
            raise Problem(f"{new.place} cannot be made ready, by {command}: {said}")


def connect(new: Target) -> None:
    """Its accounts are under ACCOUNTS from now on."""
    known = ConnectionHandler({"default": {}, ACCOUNTS: new.engine["DATABASES"][KEEPS]})
    connections.settings[ACCOUNTS] = known.settings[ACCOUNTS]


async def _nodes(engine: Mapping[str, Any], whose: str) -> list[str]:
    presence: Any = import_string(engine["PRESENCE"])(engine["REDIS_URL"])
    try:
        now = wall_clock()
        leases = await presence.nodes(now)
        return [node for node, ends in leases.items() if now < ends]
    except Exception as error:  # each driver has its own
        raise Problem(
            f"Whether {whose} runs cannot be told: its Redis is away ({away.reason(error)})."
        ) from error
    finally:
        await presence.close()


def _carry_secrets(ours: Path, theirs: Path) -> None:
    """The same keys: what was sealed or signed with them stays good. Seeds of reports may lie
    elsewhere."""
    if ours.resolve() == theirs.resolve():
        return
    theirs.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    theirs.mkdir(mode=0o700, exist_ok=True)
    for purpose in (*settings.SECRETS, *REPORTS):
        source, copy = ours / purpose, theirs / purpose
        if purpose in REPORTS and not source.exists():
            continue
        if purpose != PUBLISHED and copy.exists() and copy.read_bytes() != source.read_bytes():
            raise Problem(f"{copy} is a secret of another site; name an empty TO_CHAT_VAR.")
        shutil.copyfile(source, copy)
        copy.chmod(0o600)


def _ours() -> Mapping[str, Any]:
    return {
        **{"DATABASES": settings.DATABASES, "CASSANDRA": settings.CASSANDRA},
        **{"PRESENCE": settings.PRESENCE, "REDIS_URL": settings.REDIS_URL},
    }


def _messages(engine: Mapping[str, Any]) -> str:
    if cassandra := engine.get("CASSANDRA"):
        hosts = ", ".join(sorted(cassandra["HOSTS"]))
        return f"the keyspace {cassandra['KEYSPACE']} at {hosts}, port {cassandra['PORT']}"
    return _database(engine["DATABASES"]["messages"])


def _accounts(engine: Mapping[str, Any]) -> str:
    return _database(engine["DATABASES"][KEEPS])


def _database(database: Mapping[str, Any]) -> str:
    if database["ENGINE"].endswith("sqlite3"):
        return str(Path(database["NAME"]).absolute())
    port = database.get("PORT") or 5432
    return f"the database {database['NAME']} at {database.get('HOST') or 'this machine'}, {port}"
