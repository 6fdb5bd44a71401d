"""Reports (4.10): the key that a site publishes, the bytes that are sealed, and the verdicts."""

import dataclasses
from typing import Any

from e2ee import envelope as shape
from e2ee import franking, kem, moderation, reports
from e2ee.encoding import h
from testkit.client.m1 import envelope
from testkit.client.m1.keys import hpke_seal
from tests.vectors.functions import Case
from tests.vectors.functions.reports import item
from tests.vectors.making import gives, refuses
from tests.vectors.scene import DEVICE_A, DEVICE_B, EPOCH_1, UK_A, UK_B, A, B, T, seed
from tests.vectors.wraps import WRAPS

IDENTITY, MODERATION, FRANKING = seed(0x4D), seed(0x4E), seed(0x4F)
REPORT = b"\x5e" * 16
NOTE = "He will not stop – ärgerlich"
SIDES = ((A, B, DEVICE_A, UK_A), (B, A, DEVICE_B, UK_B))


def cases() -> list[Case]:
    return [*_keys(), *_bytes(), *_verdicts()]


def _keys() -> list[Case]:
    key = moderation.ModerationKey("m1", kem.public_key(MODERATION), T)
    true = moderation.publish(IDENTITY, key)

    def given(published: moderation.Published, **other: bytes) -> dict[str, str]:
        values = {
            "identity": published.identity, "record": published.record,
            "signature": published.signature,
        }  # fmt: skip
        return {name: value.hex() for name, value in (values | other).items()}

    def of(**changed: Any) -> dict[str, str]:
        return given(moderation.publish(IDENTITY, dataclasses.replace(key, **changed)))

    another = moderation.identity(seed(0x50))
    return [
        gives("moderation key", "moderation_key", **given(true)),
        refuses("moderation key of another", "moderation_key", **given(true, identity=another)),
        refuses("moderation key, cut", "moderation_key", **given(true, record=true.record[:-1])),
        refuses("no moderation key", "moderation_key", **of(public=b"\xff" * kem.PUBLIC_KEY_LEN)),
        refuses("moderation key with a blank in its kid", "moderation_key", **of(kid="m 1")),
    ]


def _item(ctr: int, body: str, *, chosen: bool = False) -> dict[str, Any]:
    """A message under E_1 as the server took it: odd ones are of A, even ones of B."""
    sender, recipient, device, user_key = SIDES[(ctr + 1) % 2]
    sealed = envelope.seal(
        body.encode(), epoch=EPOCH_1, sender=sender, device=device.id, ctr=ctr,
        mid=h(b"mid%d" % ctr)[:16], user_seed=user_key.seed, franking_key=seed(0x60 + ctr),
        salt=seed(0x70 + ctr),
    )  # fmt: skip
    digest = shape.parse_envelope(sealed.envelope).ciphertext_hash
    tag = franking.tag(
        FRANKING, "k1", sealed.header, recipient=recipient, ciphertext_hash=digest,
        server_ms=T + ctr,
    )  # fmt: skip
    return {
        "header": sealed.header.raw.hex(), "body": body.encode().hex(),
        "kf": seed(0x60 + ctr).hex(), "kid": "k1", "tag": tag.hex(), "server_ms": T + ctr,
        "ciphertext_hash": digest.hex(), "seq": ctr, "chosen": chosen,
    }  # fmt: skip


ITEMS = [_item(1, '{"t":"text"}'), _item(2, '{"t":"text","body":"ö"}', chosen=True)]


def _bytes() -> list[Case]:
    people = {"reporter": A.hex(), "peer": B.hex()}
    eleven = [{**ITEMS[1], "seq": 2 + at} for at in range(11)]
    return [
        gives("an item of a report", "report_item", **ITEMS[1]),
        gives("a report", "report_plain", note=NOTE, items=ITEMS, **people),
        gives("a report without messages", "report_plain", note="", items=[], **people),
        refuses("a report with a long note", "report_plain", note="n" * 2001, items=[], **people),
        refuses("a report of eleven", "report_plain", note="", items=eleven, **people),
        gives("info of a report", "report_info", kid="m1", report=REPORT.hex(), reporter=A.hex()),
    ]


def _verdicts() -> list[Case]:
    forged = {**ITEMS[1], "body": b'{"t":"text","body":"worse"}'.hex()}
    mids = [shape.parse_header(bytes.fromhex(ITEMS[1]["header"])).mid.hex()]

    def sealed(name: str, items: list[dict[str, Any]]) -> dict[str, Any]:
        report = reports.Report(A, B, NOTE, tuple(map(item, items)))
        info = reports.info("m1", REPORT, A)
        raw = WRAPS.get(
            name, lambda: hpke_seal(kem.public_key(MODERATION), reports.encode(report), info)
        )
        return {
            "seed": MODERATION.hex(), "sealed": raw.hex(), "kid": "m1", "report": REPORT.hex(),
            "reporter": A.hex(), "peer": B.hex(), "record": EPOCH_1.record.raw.hex(),
            "franking_key": FRANKING.hex(), "mids": mids, "now_ms": T + 60_000,
        }  # fmt: skip

    true, lie = sealed("report", ITEMS), sealed("forged_report", [ITEMS[0], forged])
    return [
        gives("a true report", "server_report", **true),
        gives("a report of other words", "server_report", **lie),
        gives("a report of old messages", "server_report", **{**true, "now_ms": T + 10**11}),
        refuses("a report of somebody else", "server_report", **{**true, "reporter": B.hex()}),
        refuses("a report about somebody else", "server_report", **{**true, "peer": A.hex()}),
    ]
