from tests.contracts.adapters import adapters, chat, database_access, log, meta, store

__all__ = ["adapters", "chat", "database_access", "log", "meta", "store"]
