"""The tables of docs/bi.md, from the declarations."""

from __future__ import annotations

from collections.abc import Sequence

from exports.declarations.periods import MEANING, PERIOD_COLUMNS
from exports.tables import TABLES, Column

BEGIN, END = "<!-- tables: begin -->", "<!-- tables: end -->"
# in place of the types of a model's fields
PERIOD_TYPES = ("text", "date", "date", "timestamp", "timestamp", "text", "text")


def tables_as_markdown() -> str:
    sections = [
        _section(
            one.name,
            one.meaning + ("" if one.is_detailed else " Open to every key with `facts:read`."),
            [(column, column.types(one.model)[0]) for column in one.columns],
        )
        for one in TABLES.values()
    ]
    period = list(zip(PERIOD_COLUMNS, PERIOD_TYPES, strict=True))
    sections.append(_section("period", f"{MEANING} A view only; see `/api/periods`.", period))
    return "\n\n".join(sections)


def _section(name: str, meaning: str, columns: Sequence[tuple[Column, str]]) -> str:
    rows = [f"| `{one.name}` | {kind} | {one.unit} | {one.meaning} |" for one, kind in columns]
    head = ["| Column | Type | Unit | Meaning |", "|---|---|---|---|"]
    return "\n".join([f"### {name}", "", meaning, "", *head, *rows])


def replaced(page: str) -> str:
    """Return the page with the tables as they are declared now."""
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n\n{tables_as_markdown()}\n\n{END}{after}"
