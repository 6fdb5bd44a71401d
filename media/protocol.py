"""HTTP bodies of attachments (docs/encryption.md 4.18). Pure: no I/O.

A blob is a file as its sender sealed it. Its bytes lie in numbered parts: part n holds the bytes
from n · part on, and all but the last are `part` bytes long. The bytes travel by `/blobs/{id}/{n}`,
where `{id}` is hexadecimal, as in `/api/blobs/{id}`:

- `PUT` with `Authorization: Ticket {Grant.ticket}` and the exact length: 204, also when it is
  repeated; 409 once the blob is whole.
- `GET` with `Authorization: Live {live token}`: 200 with the bytes; 404 alike for what is absent,
  deleted, or of a conversation that is not the caller's.
"""

from typing import Annotated, Literal

from msgspec import Meta

from chatsite.edge.wire import U32, Body, Id, N

PART_SMALL = 256 * 1024  # bytes of a part on a slow line
PART_MIDDLE = 1024 * 1024
PART_LARGE = 4 * 1024 * 1024  # from 8 Mbit/s
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


class Storage(Body):
    """GET /api/storage: sealed bytes that my uploads take, of how many I may have, and the largest
    file, before it is sealed. 0 = no limit."""

    used: N
    limit: N
    file_max: N
