"""How the S3 server of the settings is spoken to: by the client of django-storages, with SigV4."""

from typing import Any

from botocore.config import Config
from storages.backends.s3 import S3Storage

CONNECT_SECONDS, READ_SECONDS = 2.0, 10.0  # of one request that has no body to speak of
ATTEMPTS = 2
POOL = 16


def config(seconds: float = READ_SECONDS, attempts: int = ATTEMPTS) -> Config:
    """By itself boto3 signs addresses of a server that is not Amazon's with SigV2, and sends
    checksums that many servers do not know."""
    return Config(
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        retries={"mode": "standard", "max_attempts": attempts},
        connect_timeout=min(CONNECT_SECONDS, seconds),
        read_timeout=seconds,
        max_pool_connections=POOL,
    )


def client(s3: dict[str, str], endpoint: str, how: Config | None = None) -> Any:
    """The client of boto3 for `endpoint`; threads may share it. `s3`: settings.S3."""
    storage = S3Storage(
        bucket_name=s3["BUCKET"],
        endpoint_url=endpoint,
        access_key=s3["ACCESS_KEY"],
        secret_key=s3["SECRET_KEY"],
        region_name=s3["REGION"],
        verify=s3["CA_FILE"] or None,
        client_config=how or config(),
        querystring_auth=True,
    )
    return storage.connection.meta.client
