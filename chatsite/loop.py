"""The event loop that serves."""

import select


def prepare_loop() -> None:
    """Call it before daphne is imported, which takes the reactor that it finds.

    Without epoll (macOS) daphne makes its own loop.
    """
    if hasattr(select, "epoll"):
        from chatsite.door import reactor

        reactor.install()
