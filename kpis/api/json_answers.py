"""Replies and tables as JSON and as rows of a CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.urls import reverse

from curriculum.models import CourseRun, Learner, Module
from kpis.definitions.periods import Period
from kpis.definitions.registry import DrillDown, Indicator, Table
from kpis.query.metric_values import MetricValue
from kpis.query.results import GroupObject, GroupResult, KpiResult

# what a spreadsheet would run as a formula, in signs of any width
FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
# what some take for the start of the next cell
BREAKS = ("\t", "\r", "\n")


def result_json(reply: KpiResult) -> dict[str, Any]:
    body: dict[str, Any] = {
        "kpi": reply.indicator.key,
        "name": reply.indicator.name,
        "unit": reply.indicator.unit.key,
        "period": reply.query.kind,
        "current": reply.current.as_json(),
        "series": [one.as_json() for one in reply.series],
    }
    if reply.window:
        body["window"] = reply.window.as_json()
    if reply.query.by:
        body["groups"] = [_group_json(group) for group in reply.groups]
    if reply.components:
        body["components"] = [_component_json(one) for one in reply.components]
    if reply.query.compare:
        body["comparison"] = _comparison_json(reply)
    return body


def _component_json(one: MetricValue) -> dict[str, Any]:
    return {"key": one.indicator.key, "title": one.indicator.name} | one.as_json()


def _group_json(group: GroupResult) -> dict[str, Any]:
    return object_json(group.group) | group.answer.as_json()


def object_json(thing: GroupObject) -> dict[str, Any]:
    body = {"key": thing.key, "title": title_of(thing)}
    return body | {"course": thing.course.key} if isinstance(thing, CourseRun | Module) else body


def title_of(thing: Any) -> str:
    """What a group is called in an answer; a learner's name stays out of it."""
    return thing.key if isinstance(thing, Learner) else str(thing)


def _comparison_json(reply: KpiResult) -> dict[str, Any]:
    if reply.query.compare == "target":
        target = reply.current.target
        value = None if target is None else float(target.value)
        return {"to": "target", "value": value, "difference": reply.current.difference}
    return {
        "to": "previous",
        "value": reply.previous.shown,
        "difference": reply.change,
        "answer": reply.previous.as_json(),
    }


def result_rows(reply: KpiResult) -> Iterator[dict[str, Any]]:
    """One row per period, or per group where groups were asked."""
    if reply.query.by:
        for group in reply.groups:
            yield {"kpi": reply.indicator.key} | _group_json(group)
        return
    for one in reply.series:
        yield {"kpi": reply.indicator.key} | one.as_json()


def table_rows(table: Table) -> list[dict[str, Any]]:
    """The rows by column key, values in their units; hidden ones blanked but for their name."""
    return [
        {column.key: _shown(row.get(column.key), column.unit) for column in table.columns}
        | ({"status": "suppressed"} if row.get("is_hidden") else {})
        for row in table.rows
    ]


def _shown(value: Any, unit: Any) -> Any:
    return unit.shown(value) if isinstance(value, int | float) else value


def table_json(
    indicator: Indicator, drill: DrillDown, table: Table, period: Period
) -> dict[str, Any]:
    return {
        "kpi": indicator.key,
        "drill_down": drill.key,
        "name": drill.name,
        "definition": drill.help,
        "period_start": period.start,
        "period_end": period.whole_end,
        "tz": period.zone.key,
        "columns": [
            {"key": one.key, "label": one.label, "unit": one.unit.key} for one in table.columns
        ],
        "rows": table_rows(table),
    }


def safe_cells(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Rows whose texts no spreadsheet takes for a formula."""
    for row in rows:
        yield {key: _safe(value) for key, value in row.items()}


def _safe(value: Any) -> Any:
    if isinstance(value, str) and (
        value.startswith(BREAKS) or value.lstrip().startswith(FORMULA_STARTS)
    ):
        return f"'{value}"
    return value.isoformat() if hasattr(value, "isoformat") else value


def api_url(indicator: Indicator) -> str:
    return reverse("kpis:api-kpi", args=[indicator.category, indicator.slug])
