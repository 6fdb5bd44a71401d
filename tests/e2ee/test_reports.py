"""What a report proves (docs/encryption.md 4.10): 10,000 lies, of which none is verified, and as
many honest reports, which all are."""

import dataclasses
import itertools
import random
from typing import Any

import pytest

from e2ee import judging, kem, moderation, reports
from e2ee.encoding import cat, lp, u8
from e2ee.errors import BadEncoding, BadReport, BadSignature, M1Error
from e2ee.judging import Failure, judge
from e2ee.padding import MAX_BODY
from e2ee.reports import Item, Report
from testkit.client.m1.keys import hpke_seal
from tests.e2ee.reporting import (
    LENGTH,
    MUTATIONS,
    NOW,
    PEER,
    REPORTER,
    ROWS,
    TAKEN,
    ground,
    honest,
)

COUNT = 10_000
SEED = b"\x5d" * 32
ID = b"\x1d" * 16


def lies(count: int) -> dict[str, int]:
    """By mutation: how many of what it touched is verified all the same."""
    verified = dict.fromkeys(MUTATIONS, 0)
    rng = random.Random(45)
    for name in itertools.islice(itertools.cycle(MUTATIONS), count):
        true = honest(rng)
        lie, touched = MUTATIONS[name](rng, true)
        assert lie != true, name
        try:
            read = reports.decode(reports.encode(lie))
        except M1Error:
            continue
        judged = judge(read, ground(true))
        verified[name] += sum(judged[at].failure is None for at in touched)
    return verified


def test_no_lie_is_verified() -> None:
    assert lies(COUNT) == dict.fromkeys(MUTATIONS, 0)


def test_every_honest_report_is_verified() -> None:
    rng = random.Random(46)
    for _ in range(COUNT):
        true = honest(rng)
        judged = judge(reports.decode(reports.encode(true)), ground(true))
        assert [one.failure for one in judged] == [None] * len(true.items)


@pytest.mark.parametrize(
    ("without", "found"),
    [
        (Failure.TAG, {"forged text", "file", "edit", "kid", "tag", "ciphertext_hash"}),
        (Failure.COMMITMENT, {"text", "franking_key"}),
        (Failure.ROW, {"seq", "header: epoch_hash", "header: kind", "header: ttl"}),
        (Failure.CHOSEN, {"chosen"}),
        (Failure.ORDER, {"order"}),
    ],
)
def test_a_judge_without_this_check_is_found_out(
    monkeypatch: pytest.MonkeyPatch, without: Failure, found: set[str]
) -> None:
    """The mutants: the lies above would show that R, or another check, is not looked at."""
    fewer = tuple(check for check in judging.CHECKS if check[0] is not without)
    monkeypatch.setattr(judging, "CHECKS", fewer)
    verified = lies(30 * len(MUTATIONS))
    assert found <= {name for name, count in verified.items() if count}


def only(report: Report, **changed: Any) -> set[Failure | None]:
    return {one.failure for one in judge(report, ground(report, **changed))}


def test_each_reason_is_named() -> None:
    report = honest(random.Random(1))
    assert only(report) == {None}
    assert only(report, conv=None) == {Failure.CONVERSATION}
    assert only(report, keys={}) == {Failure.KEY}
    assert only(report, rows={}) == {Failure.ROW}
    old = NOW + judging.AGE_MAX_MS
    assert only(report, now_ms=old) == {Failure.AGE}
    mids = {row.client_id for row in ROWS.values()}
    assert only(report, reported=mids) == {None, Failure.DUPLICATE}
    rubbish = dataclasses.replace(report.items[0], header=b"\xff\xff")
    judged = judge(Report(REPORTER, PEER, "", (rubbish,)), ground(report))
    assert (judged[0].header, judged[0].failure) == (None, Failure.HEADER)


def test_the_reporters_own_words_are_proved_as_what_came_before_alone() -> None:
    own, theirs = TAKEN[0][0], dataclasses.replace(TAKEN[1][0], chosen=True)
    assert only(Report(REPORTER, PEER, "", (own, theirs))) == {None}
    chosen = dataclasses.replace(own, chosen=True)
    assert only(Report(REPORTER, PEER, "", (chosen,))) == {Failure.SENDER}


def test_what_was_reported_before_may_stand_before_something_new() -> None:
    before, chosen = TAKEN[1][0], dataclasses.replace(TAKEN[3][0], chosen=True)
    report = Report(REPORTER, PEER, "", (before, chosen))
    assert only(report, reported={TAKEN[1][1].client_id}) == {None}


def sealed(report: Report, *, reporter: bytes = REPORTER) -> bytes:
    info = reports.info("m1", ID, reporter)
    return hpke_seal(kem.public_key(SEED), reports.encode(report), info)


def test_a_sealed_report_opens_for_its_own_id_people_and_key_alone() -> None:
    report = honest(random.Random(2))
    right: dict[str, Any] = {"kid": "m1", "report_id": ID, "reporter": REPORTER, "peer": PEER}
    raw = sealed(report)
    assert reports.open_report(SEED, raw, **right) == report
    wrong: list[tuple[str, Any]] = [
        ("kid", "m2"),
        ("report_id", bytes(16)),
        ("reporter", PEER),
        ("peer", ID),
    ]
    for name, value in wrong:
        with pytest.raises((BadSignature, BadReport)):
            reports.open_report(SEED, raw, **(right | {name: value}))
    with pytest.raises(BadSignature):
        reports.open_report(bytes(32), raw, **right)
    with pytest.raises(BadSignature):
        reports.open_report(SEED, raw[:-1], **right)


def test_somebody_cannot_report_under_another_name() -> None:
    """HPKE authenticates nobody; the session that sent it does, and the text must agree."""
    other = dataclasses.replace(honest(random.Random(3)), reporter=PEER)
    with pytest.raises(BadReport, match="other people"):
        reports.open_report(
            SEED, sealed(other), kid="m1", report_id=ID, reporter=REPORTER, peer=PEER
        )


def test_a_report_without_messages_has_its_note() -> None:
    empty = Report(REPORTER, PEER, "ö" * (reports.NOTE_MAX // 2), ())
    assert reports.decode(reports.encode(empty)) == empty
    assert judge(empty, ground(empty)) == []


def test_the_largest_report_fits() -> None:
    """So nobody who keeps to the counts is told to choose fewer."""
    assert reports.CHOSEN_MAX + reports.BEFORE_MAX > LENGTH
    body = bytes(MAX_BODY)
    items = tuple(
        dataclasses.replace(TAKEN[0][0], body=body, kid="k" * moderation.KID_MAX, chosen=at < 10)
        for at in range(30)
    )
    largest = Report(REPORTER, PEER, "n" * reports.NOTE_MAX, items)
    assert reports.decode(reports.encode(largest)) == largest


def item(**changed: Any) -> Item:
    return dataclasses.replace(TAKEN[0][0], **changed)


@pytest.mark.parametrize(
    "report",
    [
        Report(REPORTER, PEER, "n" * (reports.NOTE_MAX + 1), ()),
        Report(REPORTER, PEER, "", (item(body=bytes(reports.PLAIN_MAX)),)),
        Report(REPORTER, PEER, "", tuple(item(chosen=True) for _ in range(11))),
        Report(REPORTER, PEER, "", tuple(item() for _ in range(21))),
    ],
    ids=["long note", "long message", "eleven chosen", "21 before"],
)
def test_too_much_is_no_report(report: Report) -> None:
    with pytest.raises(BadReport):
        reports.encode(report)


def plain(
    version: int = 1, note: bytes = b"", items: bytes = b"", people: bytes = REPORTER
) -> bytes:
    return cat("m1:report", u8(version), people, PEER, note, items)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        plain(version=2),
        plain(people=b"short"),
        plain(note=b"\xff"),
        plain(note=b"n" * (reports.NOTE_MAX + 1)),
        plain(items=b"\0"),
        plain(items=lp(b"")),
        plain(items=b"\xff\xff\xff\xff"),
        plain(items=lp(b"") * 31),
        plain(items=lp(reports.encode_item(item(chosen=2)))),
        plain(items=lp(reports.encode_item(item(kid="k-1")))),
        plain(items=lp(reports.encode_item(item(kid="ö")))),
        plain(items=lp(reports.encode_item(item(body=bytes(MAX_BODY + 1))))),
        plain(items=lp(reports.encode_item(item())) * 21),
        bytes(reports.PLAIN_MAX + 1),
    ],
)
def test_what_is_no_report_is_refused(raw: bytes) -> None:
    with pytest.raises((BadReport, BadEncoding)):
        reports.decode(raw)


KEY = moderation.ModerationKey("m1", kem.public_key(SEED), NOW)


def test_the_key_of_a_site_is_what_its_identity_signed() -> None:
    published = moderation.publish(SEED, KEY)
    assert published.key() == KEY
    assert moderation.Published.read(published.text()) == published
    another = dataclasses.replace(published, identity=moderation.identity(bytes(32)))
    longer = dataclasses.replace(published, record=published.record + b"\0")
    for wrong in (another, longer):
        with pytest.raises(BadSignature):
            wrong.key()


@pytest.mark.parametrize("kid", ["", "a b", "k" * (moderation.KID_MAX + 1)])
def test_a_kid_has_letters_and_digits(kid: str) -> None:
    with pytest.raises(BadReport):
        moderation.publish(SEED, dataclasses.replace(KEY, kid=kid)).key()
