"""Use cases of conversations. `require_member` is the one gate to anything of a conversation."""

from chatsite.edge.refusals import Refusal, Unknown
from messaging.backends import connection_store
from messaging.domain import Contact, ContactState, Conv, Uid


class NotConnected(Refusal):
    """The two are not connected (any more)."""

    status, code, message = 403, "not_connected", "You are not connected."


async def require_member(user: Uid, conv: Conv) -> Contact:
    """The user's side of the conversation. Raises Unknown for another's as for none."""
    contact = await connection_store().contact(user, conv)
    if contact is None:
        raise Unknown
    return contact


def require_connected(contact: Contact) -> None:
    """Raises NotConnected."""
    if contact.state is not ContactState.CONNECTED:
        raise NotConnected
