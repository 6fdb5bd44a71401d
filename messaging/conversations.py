"""Use cases of conversations. `require_member` is the one gate to anything of a conversation."""

from messaging.backends import connection_store
from messaging.backends.base import Unknown
from messaging.domain import Contact, Conv, Uid


async def require_member(user: Uid, conv: Conv) -> Contact:
    """The user's side of the conversation. Raises Unknown for another's as for none."""
    contact = await connection_store().contact(user, conv)
    if contact is None:
        raise Unknown
    return contact
