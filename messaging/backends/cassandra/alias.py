"""Django's alias of the keyspace, for `sync_cassandra`. No request comes by it: the adapter has a
session of its own, and this one connects when it is first used."""

import ssl
from collections.abc import Mapping
from typing import Any

ALIAS = "cassandra"
LOCAL_QUORUM = 6


def database(options: Mapping[str, Any]) -> dict[str, Any]:
    """The entry of DATABASES that belongs to settings.CASSANDRA."""
    replication = {"strategy_class": "NetworkTopologyStrategy", **options["REPLICATION"]}
    connection = {
        "lazy_connect": True,
        "retry_connect": False,
        "consistency": LOCAL_QUORUM,
        "port": options["PORT"],
        "ssl_context": tls(options),
    }
    return {
        "ENGINE": "django_cassandra_engine",
        "NAME": options["KEYSPACE"],
        "HOST": ",".join(options["HOSTS"]),
        "USER": options["USERNAME"],
        "PASSWORD": options["PASSWORD"],
        "TEST": {"NAME": options["KEYSPACE"]},
        "OPTIONS": {"replication": replication, "connection": connection},
    }


def tls(options: Mapping[str, Any]) -> ssl.SSLContext | None:
    """None = in the clear. The certificate of a node names the address that it is reached by."""
    ca = options.get("CA_FILE")
    return ssl.create_default_context(cafile=ca) if ca else None
