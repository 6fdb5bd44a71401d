"""Whether a database of Django's can be used: see chatsite/running/needs.py."""

from django.db import OperationalError, connections
from django.db.migrations.executor import MigrationExecutor

from chatsite.running import away
from chatsite.running.needs import Unfit

# Of what PostgreSQL says to who connects: waiting changes nothing.
FINAL = (
    *("authentication failed", "does not exist", "no pg_hba.conf entry", "permission denied"),
    *("SSL error", "server certificate", "does not support SSL"),
)


def database(alias: str) -> None:
    connection = connections[alias]
    try:
        connection.ensure_connection()
        plan = MigrationExecutor(connection)
        if plan.migration_plan(plan.loader.graph.leaf_nodes()):
            raise Unfit("the database has not the tables of this release: run manage.py migrate")
    except OperationalError as error:
        if any(words in str(error) for words in FINAL):
            raise Unfit(f"PostgreSQL refuses DATABASE_URL: {away.reason(error)}") from error
        raise
    finally:
        connection.close()
