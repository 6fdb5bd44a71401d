"""A process with a site's settings that sweeps its store of blobs, as if all were days old, and
prints what is left, as JSON: for I9. The site itself does not run any more.
"""

import asyncio
import json
import sys

from chatsite.running import threads
from chatsite.running.clock import now_ms

LATER_MS = 4 * 86_400_000  # older than whatever the sweep spares


async def swept() -> dict[str, list[str]]:
    """Ids in hex: `named` by a message of the log; `whole`, with every byte that was granted; and
    `stored`, whatever the store has."""
    from media import ownership, rows, sweep
    from media.backends import store
    from media.models import Blob
    from messaging.backends import tables
    from messaging.backends.tables import BROWSE_MAX, Table

    named: set[str] = set()
    cursor = None
    while True:
        page = await tables().browse(Table.CONVERSATION, cursor, BROWSE_MAX, sure=True)
        named |= {blob for row in page.records for blob in row.url.split()}
        cursor = page.cursor
        if cursor is None:
            break
    await ownership.adopt()
    later = now_ms() + LATER_MS
    await sweep.sweep(later)
    await sweep.remove_orphans(later)
    stored, after = [], None
    while listed := await store().blobs(after):
        after = listed[-1].blob
        stored += [one for one in listed if one.blob != ownership.NAME_BLOB]
    granted = await threads.run(
        dict, Blob.objects.filter(state__in=rows.SENDABLE).values_list("blob", "size")
    )
    sizes = {bytes(blob): size for blob, size in granted.items()}
    whole = [one.blob.hex() for one in stored if sizes.get(one.blob) == one.size]
    await store().close()
    return {"named": sorted(named), "whole": whole, "stored": [one.blob.hex() for one in stored]}


if __name__ == "__main__":
    import django

    django.setup()
    sys.stdout.write(json.dumps(asyncio.run(swept())))
