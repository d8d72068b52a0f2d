"""What lies between the database and this version of the product."""

from __future__ import annotations

from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor


def waiting() -> list[Migration]:
    """Return the migrations that would run, in their order."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [migration for migration, is_backwards in plan if not is_backwards]


def unknown() -> list[str]:
    """Return applied migrations of our apps that this version does not have."""
    loader = MigrationExecutor(connection).loader
    return sorted(
        f"{app} {name}"
        for app, name in loader.applied_migrations
        if app in loader.migrated_apps
        and (app, name) not in loader.disk_migrations
        and (app, name) not in loader.replacements
    )


def has_tables() -> bool:
    """Return whether the database was migrated before, so that there is something to back up."""
    return bool(MigrationExecutor(connection).loader.applied_migrations)
