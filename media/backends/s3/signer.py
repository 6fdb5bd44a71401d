"""Addresses that anybody may call for a while, signed on this machine with SigV4 by botocore."""

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from media.stores import SIGNED_SECONDS


class Signer:
    """As `generate_presigned_url` of boto3's client does it, in two fifths of its time: that looks
    up at each call what the service can do. No client has to be made first, either."""

    def __init__(self, s3: dict[str, str], endpoint: str) -> None:
        """`s3`: settings.S3. `endpoint`: where those who call reach the server."""
        self._bucket = f"{endpoint.rstrip('/')}/{s3['BUCKET']}"
        keys = Credentials(s3["ACCESS_KEY"], s3["SECRET_KEY"])
        self._auth = S3SigV4QueryAuth(keys, "s3", s3["REGION"], expires=SIGNED_SECONDS)

    def sign(
        self,
        method: str,
        key: str,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> str:
        """`headers`: which the caller sends exactly so."""
        url = f"{self._bucket}/{key}"
        if query:
            url += f"?{urlencode(query, quote_via=quote)}"
        request = AWSRequest(method=method, url=url, headers=dict(headers or {}))
        self._auth.add_auth(request)
        signed: str = request.url
        return signed
