"""HTTP bodies of attachments (docs/encryption.md 4.18). Pure: no I/O.

A blob is a file as its sender sealed it. Its bytes lie in numbered parts: part n holds the bytes
from n · part on, and all but the last are `part` bytes long. The bytes travel by `/blobs/{id}/{n}`,
where `{id}` is hexadecimal, as in `/api/blobs/{id}`:

- `PUT` with `Authorization: Ticket {Grant.ticket}` and the exact length: 204, also when it is
  repeated; 409 once the blob is whole.
- `GET` with `Authorization: Live {live token}`: 200 with the bytes; 404 alike for what is absent,
  deleted, or of a conversation that is not the caller's.

Where Grant.mode is direct, they may travel between browser and store instead: see NewUrls.
"""

from typing import Annotated, Literal

from msgspec import Meta

from chatsite.edge.wire import B32, U32, Body, Id, N

PART_SMALL = 256 * 1024  # bytes of a part on a slow line
PART_MIDDLE = 1024 * 1024
PART_LARGE = 4 * 1024 * 1024  # from 8 Mbit/s
URLS_MAX = 50  # of one request
BLOB_MIN = 70  # bytes of an empty file, sealed

Part = Literal[262_144, 1_048_576, 4_194_304]
Size = Annotated[int, Meta(ge=BLOB_MIN, le=2**43)]  # sealed


class NewBlob(Body):
    """POST /api/blobs: leave to upload `size` sealed bytes for a conversation. The client makes up
    the id. Repeatable: the same members get the same Grant, with what is there by then; 409
    `taken` where the id stands for anything else. As long as no part has arrived, smaller ones may
    be asked for."""

    blob: Id
    conv: Id
    size: Size
    part: Part


class Grant(Body):
    """Answers NewBlob, and GET /api/blobs/{id}, for an upload that goes on. POST
    /api/blobs/{id}/whole says that every part was sent, before the blob may stand in a message: 409
    with the Grant where one is missing. DELETE /api/blobs/{id} cancels (Done)."""

    blob: Id
    conv: Id
    size: Size
    part: Part
    state: Literal["granted", "whole", "linked"]  # linked: a message has it
    ticket: str  # for every part
    expires: N  # of the ticket
    present: list[tuple[U32, U32]]  # parts that are there: first and last number of each run
    mode: Literal["node", "direct"] = "node"  # direct: parts are put by NewUrls


class NewUrls(Body):
    """POST /api/blobs/{id}/urls: calls by which a browser reaches some parts in the store itself.
    With `sums`, the SHA-256 of each of these parts: to put them, for the owner, before the blob is
    whole. Without: to get them, for those who may GET them from the node. 404 as there; 409
    `by_node` where all parts go through the node."""

    parts: Annotated[list[U32], Meta(min_length=1, max_length=URLS_MAX)]
    sums: Annotated[list[B32], Meta(max_length=URLS_MAX)] = []


class SignedUrl(Body):
    """A PUT or GET that the store takes from anybody for a few minutes. `headers` are to be sent as
    they are. A part that is put must have exactly the length and the bytes that were told."""

    url: str
    headers: list[tuple[str, str]] = []


class SignedUrls(Body):
    """Answers NewUrls, in the order of its parts."""

    urls: list[SignedUrl]


class Storage(Body):
    """GET /api/storage: sealed bytes that my uploads take, of how many I may have, and the largest
    file, before it is sealed. 0 = no limit."""

    used: N
    limit: N
    file_max: N
