"""Reports: the key they are sealed to, their bytes, and what the server finds in one."""

from typing import Any

from e2ee import judging, moderation, reports
from e2ee.encoding import h
from e2ee.envelope import parse_header
from e2ee.epochs import parse_record
from e2ee.judging import Ground, Skeleton
from e2ee.reports import Item, Report
from tests.vectors.octets import read

Case = dict[str, Any]


def moderation_key(given: Case) -> Case:
    key = moderation.verify(*(read(given[name]) for name in ("identity", "record", "signature")))
    return {"kid": key.kid, "public_hash": h(key.public).hex(), "not_after": key.not_after}


def report_item(given: Case) -> Case:
    raw = reports.encode_item(item(given))
    return {"length": len(raw), "hash": h(raw).hex()}


def report_plain(given: Case) -> Case:
    raw = reports.encode(
        Report(
            read(given["reporter"]), read(given["peer"]), given["note"],
            tuple(map(item, given["items"])),
        )
    )  # fmt: skip
    return {"length": len(raw), "hash": h(raw).hex()}


def report_info(given: Case) -> Case:
    return {
        "bytes": reports.info(given["kid"], read(given["report"]), read(given["reporter"])).hex()
    }


def server_report(given: Case) -> Case:
    """Opened and judged: the log has what the headers say, and the frankings are under one key."""
    report = reports.open_report(
        read(given["seed"]), read(given["sealed"]), kid=given["kid"],
        report_id=read(given["report"]), reporter=read(given["reporter"]),
        peer=read(given["peer"]),
    )  # fmt: skip
    record = parse_record(read(given["record"]))
    rows = {}
    for one in report.items:
        header = parse_header(one.header)
        rows[one.seq] = Skeleton(
            header.mid, header.sender, header.device, header.ctr, one.server_ms, header.kind,
            record.header.n, header.ttl, record.hash,
        )  # fmt: skip
    ground = Ground(
        conv=record.header.conn, rows=rows, keys={"k1": read(given["franking_key"])},
        announced=[read(mid) for mid in given["mids"]], reported=[], now_ms=given["now_ms"],
    )  # fmt: skip
    judged = judging.judge(report, ground)
    return {"note": report.note, "failures": [one.failure for one in judged]}


def item(given: Case) -> Item:
    return Item(
        read(given["header"]), read(given["body"]), read(given["kf"]), given["kid"],
        read(given["tag"]), given["server_ms"], read(given["ciphertext_hash"]), given["seq"],
        given["chosen"],
    )  # fmt: skip


FUNCTIONS = {
    each.__name__: each
    for each in (moderation_key, report_item, report_plain, report_info, server_report)
}
