"""A conversation lies in partitions of BUCKET_ROWS rows, by number: each is full, or the last."""

BUCKET_ROWS = 4096  # 2 to 4 MB


def bucket_of(seq: int, rows: int = BUCKET_ROWS) -> int:
    """The bucket of a row, from 1 on."""
    return (seq - 1) // rows
