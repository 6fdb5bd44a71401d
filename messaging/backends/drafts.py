"""A draft and the row that became of it: the same in every adapter."""

from messaging.domain import Draft, Row


def placed(
    draft: Draft, seq: int, time: int, counts: tuple[int, int], sealed: tuple[str, bytes]
) -> Row:
    """The message at its place in the log. `counts`: ord and hid, `sealed`: kid and tag."""
    d, (count, hid), (kid, tag) = draft, counts, sealed
    expires = time + d.ttl * 1000 if d.ttl else None
    return Row(
        *(d.conv, seq, d.client_id, d.sender, d.device, d.ctr, time, count, d.kind, d.epoch),
        *(expires, d.withheld, None, d.text, None if d.ttl else d.salt, d.url, tag, kid, hid),
    )


def is_kept_as(draft: Draft, row: Row, salt: bytes | None) -> bool:
    """Whether the row is this message, as far as its content is still there. `salt` is the row's,
    wherever it is kept; None = gone."""
    asked = (draft.sender, draft.device, draft.ctr, draft.kind, draft.epoch, draft.ttl)
    if (row.sender, row.device, row.ctr, row.kind, row.epoch, row.ttl) != asked:
        return False
    if row.gone:  # then there is nothing to compare
        return True
    return (row.text, row.url) == (draft.text, draft.url) and salt in (None, draft.salt)
