"""The filters that the names of courses, runs and modules in a drill-down stand for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from accounts.reader import Reader
from curriculum.models import Module
from kpis.definitions.registry import Table

# by column
FiltersOfRow = dict[str, dict[str, str]]


def filters_of_rows(table: Table, reader: Reader) -> list[FiltersOfRow]:
    """Return the filters of the cells of each row; none for a name that several courses share.

    Rows name courses and modules by their titles, runs by their keys.
    """
    keys = {column.dimension: column.key for column in table.columns if column.dimension}
    if "course" not in keys:
        return [{} for _ in table.rows]
    named = {str(row.get(keys["course"])) for row in table.rows}
    courses = _unique(reader.courses().filter(title__in=named).values_list("title", "key"))
    modules: dict[Any, str] = {}
    if "module" in keys:
        rows = Module.objects.filter(course__key__in=courses.values())
        modules = _unique(
            ((course, title), key)
            for course, title, key in rows.values_list("course__key", "title", "key")
        )
    return [_filters_of(row, keys, courses, modules) for row in table.rows]


def _filters_of(
    row: dict[str, Any], keys: dict[Any, str], courses: dict[Any, str], modules: dict[Any, str]
) -> FiltersOfRow:
    course = courses.get(row.get(keys["course"]))
    if course is None:
        return {}
    found = {keys["course"]: {"course": course, "run": "", "module": ""}}
    if "run" in keys and row.get(keys["run"]):
        found[keys["run"]] = {"course": course, "run": str(row[keys["run"]])}
    if "module" in keys and (module := modules.get((course, row.get(keys["module"])))):
        found[keys["module"]] = {"course": course, "module": module}
    return found


def _unique(pairs: Iterable[tuple[Any, str]]) -> dict[Any, str]:
    """Return what has only one key."""
    found: dict[Any, set[str]] = defaultdict(set)
    for name, key in pairs:
        found[name].add(key)
    return {name: next(iter(keys)) for name, keys in found.items() if len(keys) == 1}
