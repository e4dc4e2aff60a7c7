"""A database taken to other migrations, as `migrate` does: without the triggers that stand in the way, with them again after."""

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from core.db import triggers

Targets = list[tuple[str, str]]


def migrate_to(targets: Targets) -> None:
    """Take the test database there, backwards or forwards."""
    with triggers.lifted():
        MigrationExecutor(connection).migrate(targets)


def migrate_forward(app: str | None = None) -> None:
    """Take it to the newest migrations, of one app or of all."""
    migrate_to(MigrationExecutor(connection).loader.graph.leaf_nodes(app))
