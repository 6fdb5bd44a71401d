"""Whether an S3 server can be used, and what it is like: chatsite/running/needs.py, findings.py."""

from collections.abc import Iterator
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError, SSLError
from django.conf import settings

from chatsite.running import away
from chatsite.running.findings import Finding, latency, ok, warning, wrong
from chatsite.running.needs import Unfit
from media import calling
from media.backends.s3.client import client, config

SECONDS = 2.0  # for one question
PLACE = {"us-east-1", ""}  # where Amazon takes no name of a region
KEYS = {"InvalidAccessKeyId", "XAdminUserNotFound", "SignatureDoesNotMatch", "InvalidToken"}
REGION = {"AuthorizationHeaderMalformed", "PermanentRedirect", "IllegalLocationConstraintException"}
OURS = {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}
UNKNOWN = {"NotImplemented", "MethodNotAllowed", "501"}
CHECKSUM = "x-amz-checksum-sha256"  # what pages send beside the type of a part
HEADERS = ("content-type", CHECKSUM)
AGE_SECONDS = 3600  # that a browser may remember which calls are allowed


def check(s3: dict[str, str]) -> None:
    asking = client(s3, s3["ENDPOINT_URL"], config(SECONDS, attempts=1))
    fit(asking, s3["BUCKET"])


def examine(s3: dict[str, str], seconds: float) -> Iterator[Finding]:
    asking = client(s3, s3["ENDPOINT_URL"], config(seconds, attempts=1))
    fit(asking, s3["BUCKET"])
    where = urlsplit(s3["ENDPOINT_URL"]).netloc
    took = latency(lambda: fit(asking, s3["BUCKET"]))
    yield ok(f"the bucket {s3['BUCKET']} at {where} can be used, and answers in {took}")
    if settings.MEDIA_TRANSFER == "direct":
        yield _of_pages(s3, seconds)


def _of_pages(s3: dict[str, str], seconds: float) -> Finding:
    """Whether browsers let pages of the site call the bucket where they shall."""
    public, bucket = s3["PUBLIC_ENDPOINT"], s3["BUCKET"]
    url, headers = f"{public}/{bucket}/{'0' * 32}/0", dict.fromkeys(HEADERS, "")
    try:
        may = calling.pages_may("PUT", url, headers, settings.SITE_URL, seconds)
    except (OSError, HTTPException) as error:
        return warning(
            f"{public}, where pages send files, cannot be reached from here: {away.reason(error)}",
            "look whether browsers can; else correct S3_PUBLIC_ENDPOINT",
        )
    if may:
        return ok(f"pages of {settings.SITE_URL} may call the bucket at {public}")
    return wrong(
        f"pages of {settings.SITE_URL} may not call the bucket at {public}, so no file is sent",
        "run manage.py storage_setup, or let them call it (CORS) in the settings of that server",
    )


def fit(asking: Any, bucket: str) -> None:
    """Raises Unfit, and what the driver raises while the server is away."""
    try:
        asking.list_objects_v2(Bucket=bucket, MaxKeys=1)
    except SSLError as error:
        raise Unfit(f"the S3 server and S3_CA do not go together: {away.reason(error)}") from error
    except ClientError as error:
        if sentence := _sentence(_code(error), bucket):
            raise Unfit(sentence) from error
        raise


def _sentence(code: str, bucket: str) -> str:
    if code == "NoSuchBucket":
        return f"the S3 server has no bucket {bucket}: manage.py storage_setup makes it"
    if code in KEYS:
        return f"the S3 server refuses S3_ACCESS_KEY or S3_SECRET_KEY: {code}"
    if code in {"AccessDenied", "403"}:
        return f"the S3 server knows S3_ACCESS_KEY, and lets it not into the bucket {bucket}"
    if code in REGION:
        return f"S3_REGION is not where the bucket {bucket} is: {code}"
    return ""


def prepare(asking: Any, s3: dict[str, str]) -> Iterator[str]:
    """Makes the bucket where it is missing, and lets pages of the site call it where they may."""
    bucket, region = s3["BUCKET"], s3["REGION"]
    place = {} if region in PLACE else {"LocationConstraint": region}
    try:
        fit(asking, bucket)
        yield f"the bucket {bucket} is there"
    except Unfit as unfit:
        if _code(unfit.__cause__) != "NoSuchBucket":
            raise
        try:
            asking.create_bucket(
                Bucket=bucket, **({"CreateBucketConfiguration": place} if place else {})
            )
        except ClientError as error:
            if _code(error) not in OURS:
                raise Unfit(f"the bucket {bucket} could not be made: {_code(error)}") from error
        fit(asking, bucket)
        yield f"the bucket {bucket} is made"
    if s3["PUBLIC_ENDPOINT"]:
        yield _open_to_pages(asking, bucket)


def _open_to_pages(asking: Any, bucket: str) -> str:
    origin = settings.SITE_URL
    rule = {
        "AllowedOrigins": [origin], "AllowedMethods": ["GET", "PUT"],
        "AllowedHeaders": list(HEADERS), "MaxAgeSeconds": AGE_SECONDS,
    }  # fmt: skip
    try:
        asking.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    except ClientError as error:
        if _code(error) not in UNKNOWN:
            raise Unfit(f"who may call the bucket cannot be set: {_code(error)}") from error
        return f"this server has no CORS of a bucket: let {origin} call it in its own settings"
    return f"pages of {origin} may call the bucket"


def _code(error: BaseException | None) -> str:
    return error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else ""
