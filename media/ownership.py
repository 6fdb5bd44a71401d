"""Whose store of blobs it is. A site deletes what its database does not know, so a wrong database,
a second site, or a copy of an older day would empty a store that is not theirs.

The site's name is made up once, in the database of accounts, and goes where that goes: into its
backups, to another engine. The store carries it in a blob of its own, whose id nobody can upload.
Beside it stands the number of the last round that deleted what has no row. A round writes it into
the database first: where the store has a higher one, another copy of the database is newer.
"""

from chatsite.running import threads
from media import rows
from media.backends import store
from media.stores import Missing

NAME_BLOB = b"name of the site"  # an id
NAME, ROUNDS = 0, 1  # its parts
ADOPT = "manage.py prune_attachments --adopt"


class Foreign(Exception):
    """The store belongs to another site, as far as can be told. Its text says what to do."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"{why}. Nothing is deleted. See that DATABASE_URL and the store of files belong "
            f"together; if they do, {ADOPT} makes the store this site's."
        )


class Older(Foreign):
    def __init__(self) -> None:
        super().__init__(
            "The store of files was used with a newer copy of this database, and the files that "
            "came since then would be deleted"
        )


async def require(*, claim: bool) -> None:
    """Raises Foreign, and StoreAway. `claim`: a round begins, and a store that carries no name gets
    that of this site. One where most of the first files are unknown here does not."""
    name = await _in_store(NAME)
    # Before the database is asked: there a number rises first.
    rounds = int(await _in_store(ROUNDS) or 0)
    if name is None:
        page = [one.blob for one in await store().blobs() if one.blob != NAME_BLOB]
        if 2 * len(await threads.run(rows.unknown, page)) > len(page):
            raise Foreign("The database does not know most files of the store")
    elif name != await threads.run(rows.name_of_site):
        raise Foreign("The store of files carries the name of another site")
    elif rounds > await threads.run(rows.rounds_of_site):
        raise Older
    if claim:
        await _begin(rounds)


async def adopt() -> None:
    """The store is this site's from now on, and this copy of its database the one that counts.
    Raises StoreAway."""
    await _begin(int(await _in_store(ROUNDS) or 0))


async def _begin(rounds: int) -> None:
    number = await threads.run(rows.begin_round, rounds)
    await store().put(NAME_BLOB, ROUNDS, str(number).encode())
    await store().put(NAME_BLOB, NAME, await threads.run(rows.name_of_site))


async def _in_store(part: int) -> bytes | None:
    try:
        async with store().get(NAME_BLOB, part) as found:
            return b"".join([chunk async for chunk in found.chunks])
    except Missing:
        return None
