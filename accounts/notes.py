"""Sealed notes about peers: a private name, the verified mark (docs/encryption.md 4.6)."""

from django.db import IntegrityError
from django.db.transaction import atomic

from accounts import protocol
from accounts.models import Note, User
from chatsite.edge.refusals import Conflict, bad, unknown
from chatsite.edge.wire import Id

NOTES_MAX = 5000  # a person; more peers than anybody writes to


def read(user: User) -> protocol.Notes:
    return protocol.Notes(notes=[_wire(row) for row in Note.objects.filter(user=user)])


def put(user: User, note: protocol.Note) -> None:
    """Compare-and-set: version 1 makes the note, each later one follows the stored one; the same
    bytes again have no effect. Raises Conflict(NoteConflict) with the note that stands there.
    Peers are not looked up, so that a note tells nothing about who exists."""
    with atomic():
        row = (
            Note.objects.select_for_update(no_key=True)
            .filter(user=user, peer=bytes(note.peer))
            .first()
        )
        if row is None:
            return _create(user, note)
        if note == _wire(row):
            return
        if note.version != row.version + 1:
            raise _conflict(row)
        row.g, row.version, row.note = note.g, note.version, note.note
        row.save()


def _create(user: User, note: protocol.Note) -> None:
    if note.version != 1:
        unknown()
    if Note.objects.filter(user=user).count() >= NOTES_MAX:
        bad("too_many", f"An account keeps at most {NOTES_MAX} notes.")
    try:
        with atomic():
            Note.objects.create(
                user=user, peer=bytes(note.peer), g=note.g, version=1, note=note.note
            )
    except IntegrityError:
        raise _conflict(Note.objects.get(user=user, peer=bytes(note.peer))) from None


def _wire(row: Note) -> protocol.Note:
    return protocol.Note(peer=Id(row.peer), g=row.g, version=row.version, note=row.note)


def _conflict(row: Note) -> Conflict:
    return Conflict(
        protocol.NoteConflict(
            code="stale", message="Another device changed this note.", note=_wire(row)
        )
    )
