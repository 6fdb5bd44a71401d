"""Pictures and files: sealed bytes in numbered parts. The server knows a blob's size, owner and
conversation, and neither its name, its type nor its key."""
