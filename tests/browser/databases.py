"""All that the databases of the distributed engine and an S3 server hold, to be searched."""

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import psycopg
from psycopg import sql
from redis import Redis

from messaging.backends.cassandra import driver

READ: dict[bytes, Callable[[Any, bytes], object]] = {  # of Redis, by type
    b"string": lambda redis, key: redis.get(key),
    b"hash": lambda redis, key: redis.hgetall(key),
    b"zset": lambda redis, key: redis.zrange(key, 0, -1),
    b"set": lambda redis, key: redis.smembers(key),
    b"list": lambda redis, key: redis.lrange(key, 0, -1),
    b"none": lambda redis, key: None,  # it has expired meanwhile
}


def contents(env: Mapping[str, str], cassandra: dict[str, Any]) -> dict[str, bytes]:
    return {
        **{f"postgres {name}": rows for name, rows in _postgres(env["DATABASE_URL"]).items()},
        **{f"cassandra {name}": rows for name, rows in _cassandra(cassandra).items()},
        "redis": _redis(env["REDIS_URL"]),
    }


def _postgres(url: str) -> dict[str, bytes]:
    with psycopg.connect(url) as database:
        names = database.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {name: _copied(database, name) for (name,) in names.fetchall()}


def _copied(database: "psycopg.Connection[Any]", name: str) -> bytes:
    statement = sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(name))
    with database.cursor().copy(statement) as rows:
        return b"".join(bytes(row) for row in rows)


def _cassandra(options: dict[str, Any]) -> dict[str, bytes]:
    keyspace = options["KEYSPACE"]
    with driver.cluster(options) as cluster:
        session = cluster.connect(keyspace)
        names = cluster.metadata.keyspaces[keyspace].tables
        rows = {name: session.execute(f'SELECT JSON * FROM "{name}"') for name in names}
        return {name: "\n".join(row[0] for row in found).encode() for name, found in rows.items()}


def _redis(url: str) -> bytes:
    with Redis.from_url(url) as redis:
        found = [(key, READ[redis.type(key)](redis, key)) for key in redis.scan_iter()]
    return repr(found).encode()


def bucket(env: Mapping[str, str]) -> bytes:
    """Keys of objects, what is told of each, and their bytes."""
    client = boto3.client(
        "s3", endpoint_url=env["S3_ENDPOINT_URL"], region_name=env.get("S3_REGION", "us-east-1"),
        aws_access_key_id=env["S3_ACCESS_KEY"], aws_secret_access_key=env["S3_SECRET_KEY"],
    )  # fmt: skip
    name, found = env["S3_BUCKET"], []
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=name):
        for listed in page.get("Contents", ()):
            said = client.get_object(Bucket=name, Key=listed["Key"])
            found += [repr((listed, said)).encode(), said["Body"].read()]
    return b"\n".join(found)
