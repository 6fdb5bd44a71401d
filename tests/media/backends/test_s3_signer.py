"""Our addresses equal those of boto3's client, which servers know."""

import time
from typing import Any

import pytest

from media.backends.s3.client import client
from media.backends.s3.signer import Signer
from media.stores import SIGNED_SECONDS

KEY, TYPE, CHECKSUM = f"{'ab' * 16}/3", "application/octet-stream", "x+/" * 14 + "x="
S3 = {"BUCKET": "b-x", "ACCESS_KEY": "ak/+", "SECRET_KEY": "s&k/+", "REGION": "eu-1", "CA_FILE": ""}
SHAPES: list[tuple[str, dict[str, object], tuple[Any, ...]]] = [
    ("get_object", {}, ("GET", KEY)),
    (
        "get_object",
        {"ResponseContentType": TYPE, "ResponseCacheControl": "private, no-store"},
        ("GET", KEY, None, {"response-content-type": TYPE,
                            "response-cache-control": "private, no-store"}),
    ),
    (
        "put_object",
        {"ContentLength": 5, "ChecksumCRC32": "AAA+/A=="},
        ("PUT", KEY, {"x-amz-checksum-crc32": "AAA+/A==", "Content-Length": "5"}),
    ),
    (
        "put_object",
        {"ContentLength": 5, "ContentType": TYPE, "ChecksumSHA256": CHECKSUM},
        ("PUT", KEY, {"Content-Type": TYPE, "x-amz-checksum-sha256": CHECKSUM,
                      "Content-Length": "5"}),
    ),
]  # fmt: skip
ENDPOINTS = [
    "http://127.0.0.1:9000", "https://s3.example", "https://s3.example:8443/base/",
    "https://s3.example:443", "http://[::1]:80", "http://S3.Example:9000",
]  # fmt: skip


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize(("method", "parameters", "ours"), SHAPES)
def test_an_address_equals_the_one_of_boto3(
    endpoint: str, method: str, parameters: dict[str, object], ours: tuple[Any, ...]
) -> None:
    asking, signing = client(S3, endpoint), Signer(S3, endpoint)
    wanted = {"Bucket": S3["BUCKET"], "Key": KEY, **parameters}
    for _ in range(3):  # a second may begin between the two
        before = int(time.time())
        theirs = asking.generate_presigned_url(method, Params=wanted, ExpiresIn=SIGNED_SECONDS)
        mine = signing.sign(*ours)
        if int(time.time()) == before:
            break
    assert mine == theirs
