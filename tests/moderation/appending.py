"""Several write to the audit log at once, and then somebody tries to change it. For a process with
a database of its own."""

import threading

from django.db import DatabaseError, connection, transaction

from moderation import audit
from moderation.models import Audit

THREADS, EACH = 4, 10


def append(number: int) -> None:
    for _ in range(EACH):
        audit.write(f"staff{number}", "look", "somebody", {})
    connection.close()


def appended() -> str:
    """What came of it: the database, its entries, and how many changes it refused."""
    writing = [threading.Thread(target=append, args=(number,)) for number in range(THREADS)]
    for each in writing:
        each.start()
    for each in writing:
        each.join()
    refused = 0
    for statement in ("UPDATE moderation_audit SET actor = 'x'", "DELETE FROM moderation_audit"):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)
        except DatabaseError as error:
            refused += "never changed" in str(error)
    chain = audit.verify(Audit.objects.get(n=EACH).tag)
    return f"{connection.vendor} {chain.entries} {refused}"
