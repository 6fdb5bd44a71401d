"""HTTP bodies of reports (docs/encryption.md 4.10). Pure: no I/O.

What a report says is sealed in the browser to the moderation key; the server that takes it cannot
read it. What it does read stands beside it: who is reported, a reason, ids of messages.
"""

from typing import Annotated, Literal

from msgspec import Meta

from chatsite.edge.wire import B32, B64, Body, Id

REPORT_BODY_MAX = 1_468_006  # bytes of POST /api/reports: 1.4 MiB, 1 MiB sealed in base64
REPORT_CHOSEN_MAX = 10  # messages that a report is about
REPORT_BEFORE_MAX = 20  # messages before them
REPORT_NOTE_MAX = 2_000  # bytes
REPORTS_PER_DAY = 10  # by one account
REPORTS_OPEN_MAX = 3  # of one account against one person
APPEAL_MAX = 2_000  # characters
SEALED_MIN = 1_136  # enc and tag alone
SEALED_MAX = 1024 * 1024 + SEALED_MIN

Reason = Literal[1, 2, 3, 4, 5, 6, 7, 8]  # templates/chat/_report.html has their words
Kid = Annotated[str, Meta(pattern=r"^[A-Za-z0-9]{1,64}$")]
Record = Annotated[bytes, Meta(max_length=2_048)]
Sealed = Annotated[bytes, Meta(min_length=SEALED_MIN, max_length=SEALED_MAX)]
Mids = Annotated[list[Id], Meta(max_length=REPORT_CHOSEN_MAX)]
Before = Annotated[list[Id], Meta(max_length=REPORT_BEFORE_MAX)]


class SealingKey(Body):
    """GET /api/moderation-key: to whom reports are sealed. `identity` (moderation-id) signed the
    record; a browser keeps the first one that it sees and says when it is another. 404 `no_reports`
    where this site takes none."""

    identity: B32
    record: Record
    signature: B64


class SendReport(Body):
    """POST /api/reports: `report` is made up by the client. A repeat with it is the same report:
    other words take the place of the first, until staff take it up (409 `report_read`). `mids`:
    client ids of the chosen messages, `before`: of those before them that have files. Files of both
    are kept for those who open the report, also when the messages are deleted meanwhile. 409
    `moderation_key` where kid is not the newest: ask for it and seal again. 413: choose fewer. 429
    `rate`, or `reports_open` where three about this person wait to be looked at."""

    report: Id
    peer: Id
    reason: Reason
    kid: Kid
    mids: Mids
    sealed: Sealed
    before: Before = []


class News(Body):
    """GET /api/decisions: whether something was decided about this person, or after a report of
    theirs, that they have not seen. The page /decisions says what."""

    unseen: bool


class SendAppeal(Body):
    """POST /api/appeals, also by somebody who is suspended: what they say against a decision about
    them, once. It is not sealed: those who run the site read it. 409 `appealed` where there is
    another, 404 `no_appeals` where nobody would read it."""

    decision: Id
    text: Annotated[str, Meta(min_length=1, max_length=APPEAL_MAX)]
