"""New keys for the server's secrets: `manage.py rotate_secrets` (ADR 61).

`purposes.py` says what each key is for and how long a replaced one is kept, `files.py` changes the
files, `resealing.py` seals again under the newest key what lies sealed in a table.
"""
