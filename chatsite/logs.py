"""What is said of requests. Refusals are everyday answers, and anybody can cause as many as he
likes: a log that holds a line for each is of no use, and fills the disk."""

import logging

CLIENT_ERRORS = range(400, 500)


class Everyday(logging.Filter):
    """Of `django.request`: what a client did wrong is told at INFO, and of the API at DEBUG."""

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "status_code", 0) not in CLIENT_ERRORS:
            return True
        path = getattr(getattr(record, "request", None), "path", "")
        record.levelno = logging.DEBUG if path.startswith("/api/") else logging.INFO
        record.levelname = logging.getLevelName(record.levelno)
        return logging.getLogger().isEnabledFor(record.levelno)
