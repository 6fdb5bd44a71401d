"""Files of a report: which of them staff may open, and their sealed bytes.

Policy: `is_picture` (anybody who may open the report), `SAVE` (all others). Only what a verified
message names is opened, and only what is held for this report. A file is opened in the browser of
staff: what is in it is never here.
"""

from asgiref.sync import async_to_sync

from e2ee.judging import Judged
from media import holding
from media.models import Blob
from moderation import contents, reports
from moderation.contents import File
from moderation.models import Report

SAVE = "moderation.save_files"
PICTURES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
PICTURE_MAX = 32 * 1024 * 1024  # bytes of one that is shown


def is_picture(file: File) -> bool:
    """By what its sender says; the browser looks at the bytes before it shows them."""
    return file.mime in PICTURES and file.size <= PICTURE_MAX


def find(row: Report, blob: bytes, now: int, *, may_save: bool) -> Blob | None:
    """The blob, if a verified message of the report has it and they may open it; None alike for
    everything else. Opens the report for it: no verdict is kept anywhere."""
    try:
        opened = async_to_sync(reports.open_sealed)(row, now)
    except reports.Unreadable:
        return None
    for one in opened.items:
        if one.failure is None and one.header and _names(one, blob, may_save):
            found = holding.row_of(row.report, one.header.mid, blob)
            if found is not None:
                return found
    return None


def _names(one: Judged, blob: bytes, may_save: bool) -> bool:
    return any(
        file.key is not None and file.key.blob == blob and (may_save or is_picture(file))
        for file in contents.read(one.item.body).files
    )
