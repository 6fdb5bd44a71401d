"""Files of a report: who gets their sealed bytes, of which messages, and that each look is written
down. The messages are in a real log, proved by the site's own keys."""

import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings as site_settings
from django.test import Client

from accounts.models import User
from chatsite.edge.wire import Id
from chatsite.running.clock import now_ms
from e2ee import franking, reports
from e2ee.encoding import from_base64, h, to_base64
from e2ee.envelope import parse_header
from e2ee.reports import Item
from media import backends, rows
from media.models import Blob, BlobHold, State
from media.tickets import parts_of
from messaging.backends import connection_store, log
from messaging.domain import Draft, EpochHead, NewEpoch
from moderation import erasing, protocol
from moderation.erasing import DAY_MS, FILES_DAYS
from moderation.models import Audit, Report
from moderation.models import State as ReportState
from testkit.client.m1 import envelope
from testkit.client.m1.blob import seal_blob
from testkit.client.m1.keys import hpke_seal
from tests.accounts.people import Person
from tests.messaging import conftest as messaging
from tests.moderation import conftest as staff
from tests.moderation.test_report_pages import invented, member, takes_reports
from tests.moderation.test_reports import body, key, send

__all__ = ["takes_reports"]

ann, ben, eve = messaging.ann, messaging.ben, messaging.eve
database_access, fresh_limits = messaging.database_access, messaging.fresh_limits
PART = 262_144
OWN = re.compile(rb'nonce="[^"]+"|csrf[^>]+|/moderation/[^"]+')  # of one answer
DATA = secrets.token_bytes(PART + 100)


@pytest.fixture(autouse=True)
def blob_store(database_access: None, tmp_path: Path, settings: Any) -> Iterator[None]:
    settings.BLOB_FOLDER = tmp_path / "blobs"
    backends.store.cache_clear()
    yield
    BlobHold.objects.all().delete()
    Blob.objects.all().delete()
    backends.store.cache_clear()


@dataclass
class Chat:
    """Ben writes to ann, who reports."""

    ann: Person
    ben: Person
    conv: bytes
    count: int = 0

    def file(self, mime: str = "image/png", **more: Any) -> dict[str, Any]:
        """An entry of `att`, whose blob is whole."""
        blob, fk = secrets.token_bytes(16), secrets.token_bytes(32)
        sealed = seal_blob(DATA, fk)
        Blob.objects.create(
            blob=blob, owner=self.ben.uid, conv=self.conv, size=len(sealed), part=PART,
            state=State.WHOLE, changed=now_ms(),
        )  # fmt: skip
        for n in range(parts_of(len(sealed), PART)):
            part = sealed[n * PART : (n + 1) * PART]
            async_to_sync(backends.store().put)(blob, n, part)
        return {
            "blob": to_base64(blob), "fk": to_base64(fk), "size": len(DATA), "name": "me.png",
            "hash": to_base64(h(sealed)), "log2": 18, "mime": mime, **more,
        }  # fmt: skip

    def says(self, *att: dict[str, Any], chosen: bool = True) -> Item:
        """A message in the log with these files, as ann can show it."""
        self.count += 1
        words = json.dumps({"t": "text", "body": "look", "att": att}).encode()
        kf, mid, device = secrets.token_bytes(32), secrets.token_bytes(16), self.ben.uid
        raw = envelope.encode_header(
            conn=self.conv, n=0, epoch_hash=h(b"E0"), sender=self.ben.uid, device=device,
            ctr=self.count, mid=mid, kind=1, ttl=0, commitment=franking.commitment(
                kf, conn=self.conv, sender=self.ben.uid, mid=mid, body=words
            ),
        )  # fmt: skip
        kid, secret = site_settings.SECRETS["franking"][0]
        draft = Draft(
            self.conv, mid, 0, self.ben.uid, self.ann.uid, device, self.count, 1, 0,
            EpochHead(0, False, now_ms(), 1, 1), 0, b"sealed", secrets.token_bytes(32),
        )  # fmt: skip

        def seal(ms: int) -> tuple[str, bytes]:
            return kid, franking.tag(
                secret, kid, parse_header(raw), recipient=self.ann.uid, ciphertext_hash=h(b"c"),
                server_ms=ms,
            )  # fmt: skip

        self._link(mid, att)
        row = async_to_sync(log().append)(draft, seal, now_ms())
        assert row.tag
        return Item(raw, words, kf, kid, row.tag, row.time, h(b"c"), row.seq, chosen)

    def _link(self, mid: bytes, att: Any) -> None:
        ids = [blob_of(one) for one in att]
        to = rows.Link(self.conv, mid, 0, None, withheld=False)
        assert rows.link(self.ben.uid, ids, to, now_ms()) or not ids

    def deletes(self, item: Item) -> None:
        rows.release(self.conv, self.ben.uid, parse_header(item.header).mid, now_ms())

    def reports(self, *items: Item, ident: bytes = b"") -> Report:
        sealing, ident = key(self.ann), ident or secrets.token_bytes(16)
        plain = reports.encode(reports.Report(self.ann.uid, self.ben.uid, "", items))
        sealed = hpke_seal(sealing.public, plain, reports.info(sealing.kid, ident, self.ann.uid))
        named: list[list[Id]] = [[], []]
        for item in items:
            named[not item.chosen].append(Id(parse_header(item.header).mid))
        wanted = body(
            self.ann, self.ben, report=ident, sealed=sealed, mids=named[0], before=named[1]
        )
        assert send(self.ann, wanted).status == 200
        return Report.objects.get(report=ident)


def blob_of(entry: dict[str, Any]) -> bytes:
    return from_base64(entry["blob"], 16)


@pytest.fixture
def chat(ann: Person, ben: Person) -> Chat:
    ask = async_to_sync(connection_store().ask)
    conv = ask(ann.uid, ben.uid, secrets.token_bytes(16), now_ms()).conv
    ask(ben.uid, ann.uid, secrets.token_bytes(16), now_ms())
    async_to_sync(connection_store().advance)(conv, NewEpoch(0, b"E0", False, now_ms(), 1, 1))
    return Chat(ann, ben, conv)


def path(row: Report, blob: bytes, n: object = 0) -> str:
    return f"/moderation/blob/{row.report.hex()}/{blob.hex()}/{n}"


def looks() -> list[dict[str, str]]:
    entries = Audit.objects.filter(action="file_opened").order_by("n")
    return [{"object": one.object, **json.loads(one.details)} for one in entries]


def test_a_moderator_gets_sealed_parts_and_each_look_is_written_down(chat: Chat) -> None:
    entry, before = chat.file(), chat.file()
    row = chat.reports(chat.says(before, chosen=False), chat.says(entry))
    client, blob = member("moderator"), blob_of(entry)
    page = client.get(f"/reports/{row.report.hex()}/").content.decode()
    for one in (entry, before):
        assert path(row, blob_of(one), "") in page
        assert one["fk"] in page
    assert "image/png" in page
    assert "256.1\xa0KB" in page
    assert "Save file" not in page
    first, last = (client.get(path(row, blob, n)) for n in (0, 1))
    assert first.content + last.content == seal_again(entry, first.content[6:22])
    assert first.headers["Content-Type"] == "application/octet-stream"
    assert "no-store" in first.headers["Cache-Control"]
    assert DATA[:64] not in first.content
    client.get(path(row, blob))
    assert looks() == [{"object": row.report.hex(), "file": blob.hex()}] * 2


def seal_again(entry: dict[str, Any], salt: bytes) -> bytes:
    return seal_blob(DATA, from_base64(entry["fk"], 32), salt=salt)


def test_what_is_not_there_is_the_same_404_and_no_look(chat: Chat) -> None:
    entry, later, unproved = chat.file(), chat.file(), chat.file()
    lie = replace(chat.says(unproved), franking_key=bytes(32))
    row, other = chat.reports(chat.says(entry), lie), chat.reports(chat.says(later))
    unreported = chat.file()
    chat.says(unreported)
    client, blob = member("moderator"), blob_of(entry)
    gone = Report(report=secrets.token_bytes(16))
    answers = [
        client.get(address)
        for address in (
            path(row, secrets.token_bytes(16)), path(gone, blob), path(row, blob, 2),
            path(row, blob, "00"), path(row, blob, "x"), path(row, b"short"),
            path(row, blob_of(later)), path(other, blob), path(row, blob_of(unproved)),
            path(row, blob_of(unreported)),
        )
    ]  # fmt: skip
    assert {one.status_code for one in answers} == {404}
    assert len({OWN.sub(b"", one.content) for one in answers}) == 1
    assert looks() == []
    assert client.post(path(row, blob)).status_code == 405
    page = client.get(f"/reports/{row.report.hex()}/").content.decode()
    assert blob_of(unproved).hex() not in page


def test_a_report_that_lies_about_its_messages_opens_no_file(chat: Chat, ann: Person) -> None:
    """The server kept the file by the id alone; what was sealed proves nothing."""
    entry = chat.file()
    proved = chat.says(entry)
    row = chat.reports(replace(proved, body=proved.body.replace(b"look", b"kill")))
    assert BlobHold.objects.filter(report=row.report).count() == 1
    assert member("moderator").get(path(row, blob_of(entry))).status_code == 404
    none = chat.reports(invented(chat.ben, ann))
    assert member("moderator").get(path(none, blob_of(entry))).status_code == 404


def test_nobody_else_gets_a_byte(chat: Chat, ann: Person, ben: Person) -> None:
    entry = chat.file()
    row = chat.reports(chat.says(entry))
    for address in (path(row, blob_of(entry)), path(row, secrets.token_bytes(16))):
        for role in ("operator", "auditor"):
            assert member(role).get(address).status_code == 403
        for who in (ann, ben):
            person = Client(SERVER_NAME=staff.ADMIN)
            person.force_login(User.objects.get(uid=who.uid))
            assert person.get(address).status_code in (302, 403, 404)
            assert who.browsers[0].http.get(address).status_code == 404
        assert Client(SERVER_NAME=staff.ADMIN).get(address).status_code in (302, 404)
    assert looks() == []


def test_other_files_are_for_those_who_may_save_them(chat: Chat) -> None:
    entry = chat.file("application/pdf", name="<plan>.pdf")
    row, blob = chat.reports(chat.says(entry)), blob_of(entry)
    moderator, investigator = member("moderator"), member("investigator")
    page = moderator.get(f"/reports/{row.report.hex()}/").content.decode()
    assert "&lt;plan&gt;.pdf" in page
    assert "Your role does not save files" in page
    assert entry["fk"] not in page
    assert blob.hex() not in page
    assert moderator.get(path(row, blob)).status_code == 404
    assert "Save file" in investigator.get(f"/reports/{row.report.hex()}/").content.decode()
    assert investigator.get(path(row, blob)).status_code == 200
    assert len(looks()) == 1


def test_evidence_outlives_its_message_until_30_days_after_the_decision(chat: Chat) -> None:
    entry = chat.file()
    item, blob, client = chat.says(entry), blob_of(entry), member("moderator")
    row = chat.reports(item)
    chat.deletes(item)
    assert client.get(path(row, blob)).status_code == 200
    late = chat.reports(replace(item, chosen=False), chat.says())
    page = client.get(f"/reports/{late.report.hex()}/").content.decode()
    assert "It was deleted before this report came" in page
    assert blob.hex() not in page
    now, days = now_ms(), FILES_DAYS * DAY_MS
    assert erasing.let_go(now + 2 * days) == 0, "nobody has decided"
    decided = Report.objects.filter(pk=row.pk)
    decided.update(state=ReportState.DECIDED, closed=now)
    assert erasing.let_go(now + days) == 0
    decided.update(state=ReportState.APPEALED)
    assert erasing.let_go(now + 2 * days) == 0
    decided.update(state=ReportState.DECIDED)
    assert [erasing.let_go(now + days + 1) for _ in range(2)] == [1, 0]
    [told] = Audit.objects.filter(action="files_let_go")
    assert (told.object, told.details) == (row.report.hex(), '{"files":1}')
    assert [one.blob for one in rows.going(0, 9)] == [blob]
    assert client.get(path(row, blob)).status_code == 404
    chat.reports(chat.says(chat.file()))
    Report.objects.filter(reporter=chat.ann.uid).delete()
    assert erasing.let_go(now) == 1, "of a report that is not there"


def test_a_report_in_other_words_keeps_what_it_names_now(chat: Chat) -> None:
    first, second = chat.file(), chat.file()
    row = chat.reports(chat.says(first))
    again = chat.reports(chat.says(second), ident=row.report)
    client = member("moderator")
    assert client.get(path(again, blob_of(second))).status_code == 200
    assert client.get(path(again, blob_of(first))).status_code == 404
    assert BlobHold.objects.count() == 1


def test_a_report_of_others_holds_nothing_of_a_conversation(chat: Chat, eve: Person) -> None:
    """Ids of messages are no secret to their reader alone: of no other pair is anything kept."""
    entry = chat.file()
    mid = Id(parse_header(chat.says(entry).header).mid)
    assert send(eve, body(eve, chat.ben, mids=[mid], before=[mid])).status == 200
    assert not BlobHold.objects.exists()
    many = [Id(secrets.token_bytes(16))] * (protocol.REPORT_BEFORE_MAX + 1)
    assert send(eve, body(eve, chat.ben, before=many)).status == 400
