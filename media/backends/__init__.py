"""The configured adapter of the store of blobs: the only way to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from media.stores import BlobStore


@cache
def store() -> BlobStore:
    """The BlobStore that settings.BLOB_STORE names; one for the process."""
    adapter: BlobStore = import_string(settings.BLOB_STORE)()
    return adapter


@asynccontextmanager
async def opened() -> AsyncIterator[BlobStore]:
    """The same for a command, whose loop ends with it: so do the connections to the store."""
    try:
        yield store()
    finally:
        await store().close()
