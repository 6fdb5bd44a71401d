"""manage.py serve: one process that serves the site."""

import gc
import sys
from functools import partial
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections
from django.db.backends.signals import connection_created
from django.utils.module_loading import import_string

from chatsite import alone, control, env
from chatsite.loop import prepare_loop
from chatsite.running import files, needs

# The live path makes little garbage in cycles; walking all objects often buys nothing.
GC_THRESHOLD = (20_000, 20, 20)

STATEMENT_MS = 5_000  # of PostgreSQL; migrations and copies are other commands, and take longer
ANSWER_SECONDS = 6.0  # of one that ends no statement, since it stands still

# Nothing here speaks TLS: without a proxy that is believed, no request ever counts as https.
NO_PROXY = "SITE_URL is https, but TRUSTED_PROXIES is empty: every page will redirect to itself"


class Command(BaseCommand):
    help = "Serve the site in one process. SIGTERM and Ctrl-C let it drain."
    # `migrate` has made them, at each set-up. The addresses of pages load with the first of them.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default=settings.HOST, help="address to listen on")
        parser.add_argument("--port", default=settings.PORT, type=int, help="0 = any free one")

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"] or settings.PORT
        node = settings.NODE or f"{host}:{port}"
        if not env.NODE_NAME.fullmatch(node):
            raise CommandError(f"{node!r} is no name that a node can have: set NODE to one")
        control.path()  # refuses a CHAT_VAR that is too long for it, before anything begins
        self._wait_for_services()
        connection_created.connect(_bound)
        files.make_none(connections.settings.values())
        try:
            keep = import_string(settings.CLAIM)(node) if settings.CLAIM else None
        except alone.Taken as taken:
            raise CommandError(str(taken)) from taken
        prepare_loop()
        from chatsite.asgi import application
        from chatsite.server import ChatServer

        server = ChatServer(application, host, port, node, keep)
        if settings.SECURE and not settings.TRUSTED_PROXIES:
            self.stderr.write(NO_PROXY, self.style.WARNING)
        gc.freeze()  # to find the garbage of a start, which is small, costs a tenth of it
        gc.set_threshold(*GC_THRESHOLD)
        gc.enable()  # manage.py stopped it
        server.run()
        if server.failed:
            sys.exit(1)

    def _wait_for_services(self) -> None:
        asked = [needs.Need(name, import_string(path), at) for name, path, at in settings.NEEDS]
        try:
            needs.wait_for(asked, self._say, settings.WAIT_SECONDS)
        except needs.Unfit as unfit:
            raise CommandError(f"The site cannot start: {unfit}") from unfit

    def _say(self, sentence: str) -> None:
        self.stderr.write(sentence)
        self.stderr.flush()


def _bound(connection: Any, **_: Any) -> None:
    """A statement that takes too long fails, and those who wait are told to come back."""
    if connection.vendor == "postgresql":
        connection.connection.wait = partial(_answered, connection.connection)
        with connection.cursor() as cursor:
            cursor.execute(f"SET statement_timeout = {STATEMENT_MS}")


def _answered(raw: Any, answer: Any, *rest: Any, **more: Any) -> Any:
    """In the place of the driver's own way to wait, which is for ever: the machine of a server that
    stands still keeps its connections. The thread that waited goes on, without this one."""
    from psycopg import OperationalError
    from psycopg.pq import TransactionStatus

    try:
        return type(raw).wait(raw, answer, *rest, **{"timeout": ANSWER_SECONDS, **more})
    except OperationalError:
        if raw.info.transaction_status is TransactionStatus.ACTIVE:  # it has not answered
            raw.close()
        raise
