"""HTTP bodies of those who go. Pure; `manage.py protocol` writes the browser's side of it."""

from chatsite.edge.wire import Body, Id, N


class DeleteAccount(Body):
    """POST /api/deletion: this account, for good. `erase`: the content of all that it sent, too.
    Answers a Receipt, and the session is over; what follows is done in steps."""

    erase: bool


class AskReceipt(Body):
    """POST /api/deletion/step, by anybody who has the receipt: go on for some seconds."""

    receipt: Id


class Receipt(Body):
    """What is gone of a deleted account, and how many of its conversations are still to be gone
    through. `ended`: nothing is left to do."""

    receipt: Id
    name: str
    began: N
    ended: N | None
    erase: bool
    left: N
    sessions: N
    devices: N
    keys: N
    notes: N
    invites: N
    files: N  # that no message has
    conversations: N  # that were closed
    messages: N  # whose content is gone
