"""What each waiting migration will do, for how long, and whether it can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from core.database import sizes

# of these, the database reads or writes each row
REWRITING = frozenset({"AddConstraint", "AddIndex", "AlterField", "AddField", "RemoveField"})
WITH_CODE = frozenset({"RunPython", "RunSQL"})
# a slow disk does as many
ROWS_PER_SECOND = 50_000


@dataclass(frozen=True)
class Step:
    """A migration; `rows` are those of the tables it rewrites."""

    name: str
    rows: int
    has_code: bool
    is_reversible: bool

    @property
    def seconds(self) -> int:
        return self.rows // ROWS_PER_SECOND


def steps_of(waiting: Sequence[Migration]) -> list[Step]:
    loader = MigrationExecutor(connection).loader
    known = [key for key in loader.applied_migrations if key in loader.graph.nodes]
    state = loader.project_state(known)
    return [_step(one, state) for one in waiting]


def _step(migration: Migration, state: ProjectState) -> Step:
    """Describe a migration, and change the state to what it leaves."""
    rows = sum(
        sizes.rows_of(table)
        for one in migration.operations
        if type(one).__name__ in REWRITING and (table := _table_of(one, migration, state))
    )
    migration.mutate_state(state, preserve=False)
    return Step(
        name=f"{migration.app_label} {migration.name}",
        rows=rows,
        has_code=any(type(one).__name__ in WITH_CODE for one in migration.operations),
        is_reversible=all(one.reversible for one in migration.operations),
    )


def _table_of(operation: Operation, migration: Migration, state: ProjectState) -> str:
    """Return the table of an operation; empty for one that the migration itself creates."""
    name = getattr(operation, "model_name", "").lower()
    model = state.models.get((migration.app_label, name))
    if model is None:
        return ""
    return str(model.options.get("db_table") or f"{migration.app_label}_{name}")
