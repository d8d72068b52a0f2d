"""Join in the order in which a statement is meant to run, which SQLite keeps for CROSS JOIN.

It does not know how few rows a table of a WITH clause has. It may begin with another small table,
such as the modules of the whole site, and look at all that ever happened in them.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql import Query
from django.db.models.sql.compiler import SQLCompiler


class Compiler(SQLCompiler):
    """Joins a table of the WITH clause, the rows that it selects, and what these lead to."""

    def __init__(
        self, query: Query, connection: BaseDatabaseWrapper, first: str, selected: str | None
    ) -> None:
        """Take the name of the table to begin with, and the alias of the table joined to it."""
        super().__init__(query, connection, None)
        self.first, self.selected = first, selected

    def get_from_clause(self) -> tuple[list[str], tuple[str | int, ...]]:
        clauses, params = super().get_from_clause()
        used = [one for one, count in self.query.alias_refcount.items() if count]
        joins = dict(zip(used, clauses, strict=False))
        at, found, condition = self.selected, [self.first], ""
        # from the selected table back to the facts
        while at is not None:
            name, _, next_condition = joins.pop(at).removeprefix("INNER JOIN ").partition(" ON ")
            found.append(f"CROSS JOIN {name}{condition}")
            at, condition = self.query.alias_map[at].parent_alias, f" ON {next_condition}"
        others = [*joins.values(), *clauses[len(used) :]]
        found += [
            one.replace("INNER JOIN", "CROSS JOIN", 1)
            for one in others
            if one.removeprefix(", ") != self.first
        ]
        return found, params
