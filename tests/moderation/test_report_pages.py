"""A report as staff see it: who may open one, that each look is written down, and what it shows."""

import dataclasses
import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as site_settings
from django.test import Client

from accounts.models import User
from chatsite.edge.wire import Id
from chatsite.running.clock import now_ms
from e2ee import franking, reports
from e2ee.encoding import h
from e2ee.envelope import parse_header
from e2ee.reports import Item
from moderation import roles
from moderation.contents import UNREADABLE, File, read
from moderation.models import Audit, Report
from testkit.client.m1 import envelope
from testkit.client.m1.keys import hpke_seal
from tests.accounts.people import Person
from tests.messaging import conftest as messaging
from tests.moderation import conftest as staff
from tests.moderation.test_reports import body, key, send

ann, ben = messaging.ann, messaging.ben
database_access = messaging.database_access


@pytest.fixture(autouse=True)
def takes_reports(settings: Any, admin: None) -> Iterator[None]:
    settings.TAKES_REPORTS = True
    yield
    staff.empty_audit()


def member(role: str) -> Client:
    user = User.objects.create(username=f"{role}-{secrets.token_hex(4)}", is_staff=True)
    roles.give(user, role)
    return staff.entered(user)


def invented(by: Person, to: Person) -> Item:
    """A message that was never sent, with a commitment that fits and a tag of the right length."""
    mid, words = secrets.token_bytes(16), b'{"t":"text","body":"<b>I did it</b>"}'
    commitment = franking.commitment(bytes(32), conn=bytes(16), sender=by.uid, mid=mid, body=words)
    raw = envelope.encode_header(
        conn=bytes(16), n=0, epoch_hash=h(b""), sender=by.uid, device=mid, ctr=1, mid=mid, kind=1,
        ttl=0, commitment=commitment,
    )  # fmt: skip
    kid = site_settings.SECRETS["franking"][0][0]
    return Item(raw, words, bytes(32), kid, bytes(32), now_ms(), bytes(32), 1, True)


def reported(who: Person, about: Person, *items: Item) -> Report:
    sealing, ident = key(who), secrets.token_bytes(16)
    plain = reports.encode(reports.Report(who.uid, about.uid, "please look", items))
    sealed = hpke_seal(sealing.public, plain, reports.info(sealing.kid, ident, who.uid))
    mids = [Id(parse_header(item.header).mid) for item in items]
    assert send(who, body(who, about, report=ident, sealed=sealed, mids=mids)).status == 200
    return Report.objects.get(report=ident)


def test_a_moderator_sees_what_is_proved_and_what_is_not(ann: Person, ben: Person) -> None:
    row = reported(ann, ben, invented(ben, ann))
    client = member("moderator")
    assert row.report.hex() in client.get("/reports/").content.decode()
    answer = client.get(f"/reports/{row.report.hex()}/")
    page = answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    assert "please look" in page
    assert "None is verified." in page
    assert "not verified: it is from another conversation" in page
    assert "&lt;b&gt;I did it&lt;/b&gt;" in page
    [entry] = Audit.objects.filter(action="report_opened")
    assert (entry.object, entry.details) == (row.report.hex(), "{}")


@pytest.mark.parametrize("role", ["operator", "auditor"])
def test_other_staff_strangers_and_people_open_none(ann: Person, ben: Person, role: str) -> None:
    path = f"/reports/{reported(ann, ben).report.hex()}/"
    for url in ("/reports/", path, f"{path}take/", f"{path}note/", f"{path}decide/"):
        assert member(role).get(url).status_code == 403
        assert Client(SERVER_NAME=staff.ADMIN).get(url).status_code in (302, 404)
        person = Client(SERVER_NAME=staff.ADMIN)
        person.force_login(User.objects.get(uid=ann.uid))
        assert person.get(url).status_code in (302, 403, 404)
    assert not Audit.objects.filter(action="report_opened").exists()


def test_what_does_not_open_and_what_is_not_there(ann: Person, ben: Person) -> None:
    client = member("moderator")
    row = reported(ann, ben)
    Report.objects.filter(pk=row.pk).update(sealed=bytes(1136))
    page = client.get(f"/reports/{row.report.hex()}/").content.decode()
    assert "does not open" in page
    for path in ("0" * 32, "x", "0" * 31):
        assert client.get(f"/reports/{path}/").status_code == 404


def test_gaps_between_what_is_proved_are_told() -> None:
    from e2ee.judging import Judged
    from moderation.reportpages import Kept, verified

    person = Person("ann", uid=b"a" * 16)
    item = invented(person, person)
    header = parse_header(item.header)
    nothing = Kept("0" * 32, (), may_save=False)
    judged = [Judged(dataclasses.replace(item, seq=seq), header, None) for seq in (3, 4, 9)]
    assert [line.left_out for line in verified(judged, {}, nothing)] == [0, 0, 4]


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"\xff", b"{}", b"[" * 10_000, b'{"t":[]}', b"9" * 5000]
)
def test_what_is_no_message_is_said_to_be_none(raw: bytes) -> None:
    assert read(raw).kind == UNREADABLE


def test_a_text_that_names_another_message_is_a_reply() -> None:
    assert read(b'{"t":"text","body":"yes","ref":7}').kind == "Reply"
    assert read(b'{"t":"react","body":"x","ref":"AA=="}').kind == "Reaction"


def test_half_a_character_breaks_no_page() -> None:
    """JSON may hold it and a browser shows it, but no answer can: UTF-8 has none."""
    said = read(b'{"t":"text","body":"go \\ud800 away","att":[{"name":"\\udfff.png"}]}')
    assert (said.text, said.files) == ("go \ufffd away", (File("\ufffd.png", "", 0, None),))


def test_what_is_no_whole_entry_is_named_and_does_not_open() -> None:
    said = read(b'{"t":"text","body":1,"att":[{"name":"a.png","fk":"secret"},{},7]}')
    unopened = (File("a.png", "", 0, None), File("file", "", 0, None))
    assert (said.kind, said.text, said.files) == ("", "", unopened)
    whole = {"blob": "A" * 22 + "==", "fk": KEY, "hash": KEY, "log2": 18, "size": 1}
    assert file_of(whole).key is not None
    for of, value in (
        ("size", True), ("size", -1), ("size", 2**53), ("size", 1e3), ("log2", "18"),
        ("log2", None), ("fk", "secret"), ("hash", 7), ("blob", KEY), ("blob", "\ud800"),
    ):  # fmt: skip
        assert file_of(whole | {of: value}).key is None, (of, value)


KEY = "A" * 43 + "="


def file_of(entry: dict[str, object]) -> File:
    [file] = read(json.dumps({"t": "text", "att": [entry]}).encode()).files
    return file
