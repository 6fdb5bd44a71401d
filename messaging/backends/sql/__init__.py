"""The message store in plain SQL: SQLite with one writer, or PostgreSQL."""
