"""The server's side of protocol m1 (docs/encryption.md): pure functions, no I/O.

Nothing here opens a message, a vault or a user key: the server checks shapes,
signatures and chains, and witnesses what was submitted.
"""
