"""The configured adapter of the store of blobs: the only way to it."""

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from media.stores import BlobStore


@cache
def store() -> BlobStore:
    """The BlobStore that settings.BLOB_STORE names; one for the process."""
    adapter: BlobStore = import_string(settings.BLOB_STORE)()
    return adapter
