"""Whose store of blobs it is. A site deletes what its database does not know, so a wrong database,
or a second site, would empty a store that is not theirs.

The site's name is made up once, in the database of accounts, and goes where that goes: into its
backups, to another engine. The store carries it in a blob of its own, whose id nobody can upload.
"""

from chatsite.running import threads
from media import rows
from media.backends import store
from media.stores import Missing

NAME_BLOB = b"name of the site"  # an id


class Foreign(Exception):
    """The store belongs to another site, as far as can be told. Its text says what to do."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"{why}. Nothing is deleted. See that DATABASE_URL and the store of files belong "
            "together; if they do, manage.py prune_attachments --adopt makes the store this site's."
        )


async def require(*, claim: bool) -> None:
    """Raises Foreign, and StoreAway. `claim`: a store that carries no name gets that of this site.
    One where most of the first files are unknown here does not."""
    name = await _name_in_store()
    if name is None:
        page = [one.blob for one in await store().blobs()]
        if 2 * len(await threads.run(rows.unknown, page)) > len(page):
            raise Foreign("The database does not know most files of the store")
        if claim:
            await adopt()
    elif name != await threads.run(rows.name_of_site):
        raise Foreign("The store of files carries the name of another site")


async def adopt() -> None:
    """The store is this site's from now on. Raises StoreAway."""
    await store().put(NAME_BLOB, 0, await threads.run(rows.name_of_site))


async def _name_in_store() -> bytes | None:
    try:
        async with store().get(NAME_BLOB, 0) as part:
            return b"".join([chunk async for chunk in part.chunks])
    except Missing:
        return None
