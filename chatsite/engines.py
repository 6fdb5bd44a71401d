"""The composition root: which adapters stand behind the ports. CHAT_ENGINE picks.

Adapters are named here and loaded by `import_string`; no other module names one.
"""

from typing import Any

from chatsite import env

EMBEDDED: dict[str, Any] = {
    "MESSAGE_LOG": "messaging.backends.sql.log.SqlMessageLog",
    "CONNECTION_STORE": "messaging.backends.sql.connections.SqlConnectionStore",
    "PRESENCE": "presence.backends.memory.MemoryPresence",
    "CHANNEL_LAYERS": {"default": {"BACKEND": "chatsite.layers.InProcessLayer"}},
}
ENGINES = {"embedded": EMBEDDED}

# Variables of an engine that spans several machines. Set without it, somebody believes that
# his messages lie where they do not.
DISTRIBUTED_ONLY = ("REDIS_URL", "CASSANDRA_HOSTS", "S3_BUCKET", "S3_ENDPOINT_URL")


def choose() -> tuple[str, dict[str, Any]]:
    """The engine's name and its adapters. Raises BadSetting for an unknown one."""
    name = env.text("CHAT_ENGINE", "embedded")
    if name not in ENGINES:
        raise env.BadSetting(f"CHAT_ENGINE must be one of {', '.join(ENGINES)}, not {name!r}")
    for variable in DISTRIBUTED_ONLY:
        if env.text(variable, ""):
            raise env.BadSetting(f"{variable} is set, but the {name} engine does not use it")
    return name, ENGINES[name]
