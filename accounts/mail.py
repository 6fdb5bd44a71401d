"""Sends mail in the background: a request neither waits for the mail server nor shows, by its
time, whether there was anything to send.

Mail carries a link or a code and nothing else: no text, no name of a contact, no news.
"""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import ParamSpec

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connections
from django.utils import translation

WAITING_MAX = 30  # beyond it a mail is dropped: the person asks again

P = ParamSpec("P")
logger = logging.getLogger(__name__)
_pool = ThreadPoolExecutor(1, "mail")
_waiting: set[Future[None]] = set()


def later(work: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
    """Run `work` in the background, in the language of this request. It may use the database."""
    if len(_waiting) >= WAITING_MAX:
        return logger.error("too many mails wait; one is dropped")
    language = translation.get_language() or settings.LANGUAGE_CODE

    def run() -> None:
        try:
            with translation.override(language):
                work(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 -- nobody waits for it
            # The type alone: an SMTP error may quote the address.
            logger.error("a mail was not sent: %s", type(error).__name__)
        finally:
            connections.close_all()

    future = _pool.submit(run)
    _waiting.add(future)
    future.add_done_callback(_waiting.discard)


def send(to: str, subject: str, text: str) -> None:
    EmailMessage(f"{settings.SITE_NAME}: {subject}", text, settings.DEFAULT_FROM_EMAIL, [to]).send()


def settle(seconds: float) -> None:
    """Wait until what was asked for so far is done."""
    wait(set(_waiting), timeout=seconds)
