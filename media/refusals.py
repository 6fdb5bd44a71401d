"""What is refused of an upload: each has a code of its own, and figures where room is lacking."""

from chatsite.edge.refusals import Refusal
from media.stores import StoreAway


class FileTooLarge(Refusal):
    status, code = 413, "file_too_large"
    message = "This site takes no files that large."

    def __init__(self, limit: int) -> None:
        """`limit`: bytes of a file before it is sealed."""
        super().__init__(limit=limit)


class Quota(Refusal):
    status, code = 507, "quota"
    message = "You have no room left for this file. Delete messages with files, then try again."

    def __init__(self, limit: int, used: int) -> None:
        super().__init__(limit=limit, used=used)


class Going(Refusal):
    """Nobody fills the site by what they begin and cancel."""

    status, code = 503, "busy"
    message = "Much that you deleted is still on its way out. Try again."

    def __init__(self) -> None:
        super().__init__(retry_ms=30_000)


class SiteFull(Refusal):
    """Of the site's own figures nobody is told."""

    status, code = 507, "site_full"
    message = "This site has no room left for files. Its operator can make some."


class StorageAway(Refusal):
    """Nothing is known of what was asked: repeat it."""

    status, code = 503, "storage_away"
    message = "The place where files are kept does not answer. Try again."

    def __init__(self, error: StoreAway) -> None:
        super().__init__(retry_ms=error.retry_ms)


class ShareTaken(Refusal):
    status, code = 503, "share"
    message = "Too many parts of yours at once."

    def __init__(self) -> None:
        super().__init__(retry_ms=1_000)


class Taken(Refusal):
    status, code = 409, "taken"
    message = "This name stands for another file. Send the file again."


class Whole(Refusal):
    status, code = 409, "whole"
    message = "Nothing is added to a file that is whole."


class ByNode(Refusal):
    """The page is of a time when the site transferred files otherwise."""

    status, code = 409, "by_node"
    message = "Files of this site go through the site itself. Reload the page."


class Linked(Refusal):
    status, code = 409, "linked"
    message = "A message has this file. Delete the message."


class NotSendable(Refusal):
    """One of the blobs of a message is not whole, or not its sender's for this conversation."""

    code, message = "blob", "A file of this message is not there yet."
