"""An S3 server as tests and benchmarks get it: by the address that `bin/services url s3` prints."""

import secrets
from urllib.parse import urlsplit


def s3_variables(url: str, bucket: str | None = None) -> dict[str, str]:
    """What a site's environment says of it; without `bucket` one that is not there yet."""
    parts = urlsplit(url)
    return {
        "S3_BUCKET": bucket or f"test-{secrets.token_hex(8)}",
        "S3_ENDPOINT_URL": f"{parts.scheme}://{parts.hostname}:{parts.port}",
        "S3_ACCESS_KEY": parts.username or "",
        "S3_SECRET_KEY": parts.password or "",
    }
