"""Where the parts of files lie and by which address browsers reach them, on either engine and in
either way of transfer."""

import re
from pathlib import Path

from testkit.running import Site
from tests.services import objects, put_object

# `blob/part`, of the site (/blobs/…) or of a bucket, where the rest is a signature.
PART = re.compile(r"/[0-9a-f]{32}/[0-9]+(\?.*)?$")


def stored(site: Site) -> dict[str, bytes]:
    """Every part, by its place in the store."""
    if "S3_BUCKET" in site.env:
        return objects(site.env)
    files = (path for path in _folder(site).rglob("*") if path.is_file())
    return {str(path.relative_to(_folder(site))): path.read_bytes() for path in files}


def change(site: Site, place: str, data: bytes) -> None:
    """As somebody could who holds the store."""
    if "S3_BUCKET" in site.env:
        put_object(site.env, place, data)
    else:
        (_folder(site) / place).write_bytes(data)


def _folder(site: Site) -> Path:
    return site.var / "blobs"
