"""Make a history longer: each row about learners or periods once more, quarters earlier (SQLite).

Each statement copies a table: primary keys and foreign keys to other copies move by the same
distance, dates by thirteen weeks, and names that have to be unique get a number.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import connection
from django.db.models import (
    CharField,
    DateField,
    DateTimeField,
    Field,
    ForeignKey,
    GeneratedField,
    Model,
)

if TYPE_CHECKING:
    Column = Field[Any, Any]

# what is set up, and what the product remembers of itself; the number of rows is not one of time
LASTING = {
    *("accounts.User", "accounts.ApiKey", "accounts.CourseGrant", "curriculum.Course"),
    *("curriculum.Module", "curriculum.Skill", "curriculum.Parameter"),
    *("engagement.LearningObject", "engagement.CourseDefinition"),
    *("intake.Horizon", "kpis.ComputedDefinition", "kpis.DataFreshness", "kpis.HeldFigure"),
    *("kpis.RecomputeClaim", "kpis.ReportingZone", "kpis.StaleDay", "kpis.StalePeriod"),
    *("kpis.Target", "kpis.DateNote", "dashboard.ReportSubscription"),
    *("outcomes.Survey", "outcomes.Theme", "alerts.AlertRule"),
    *("alerts.PendingEvaluation", "notifications.Channel"),
    *("notifications.DigestUnsubscribe", "improvement.AdjustmentRule"),
    *("improvement.AutomaticBudget", "improvement.ShippedRule", "experiments.Layer"),
    *("experiments.Revision", "support.Standing", "support.Ranking", "support.ChanceModel"),
    *("exports.Feed", "exports.Mark", "exports.PseudonymSecret", "exports.ReadOnlyRole"),
}
FOREIGN = {"auth", "axes", "contenttypes", "sessions", "admin", "otp_static", "otp_totp"}
DISTANCE = 1_000_000


@cache
def grown_by_time() -> tuple[type[Model], ...]:
    """Return the models with more rows after a longer time, and their links to others."""
    found = []
    for model in apps.get_models(include_auto_created=True):
        made_for: Any = model._meta.auto_created
        owner = (made_for or model)._meta
        if not model._meta.proxy and {owner.app_label, owner.label}.isdisjoint(FOREIGN | LASTING):
            found.append(model)
    return tuple(found)


def repeat(first: int, last: int) -> None:
    """Add the copies `first` to `last`: that many quarters before the rows of today."""
    with connection.cursor() as cursor:
        for model in grown_by_time():
            cursor.execute(_copying(model), [first, last])


def _copying(model: type[Model]) -> str:
    fields = [one for one in model._meta.local_fields if not isinstance(one, GeneratedField)]
    replaced = set(_unique_fields(model, fields))
    columns = ", ".join(f'"{one.column}"' for one in fields)
    values = ", ".join(_copied(model, one, is_replaced=one in replaced) for one in fields)
    # the periods of a quarter reach into the one before
    ignoring = "OR IGNORE " if hasattr(model, "period_kind") else ""
    return f"""
        WITH RECURSIVE copies(k) AS (VALUES (%s) UNION ALL SELECT k + 1 FROM copies WHERE k < %s)
        INSERT {ignoring}INTO "{model._meta.db_table}" ({columns})
        SELECT {values} FROM copies, "{model._meta.db_table}" AS one
        WHERE one."{model._meta.pk.column}" < {DISTANCE}
    """  # noqa: S608


def _copied(model: type[Model], field: Column, *, is_replaced: bool) -> str:
    """Return the SQL for the value of a field in copy `k`."""
    column = f'one."{field.column}"'
    moved = f"{column} + k * {DISTANCE}"
    if is_replaced:
        return "NULL" if field.is_relation else f"{column} || '-' || k"
    if field.name == "scope_id":
        return f"CASE one.scope WHEN 'run' THEN {moved} ELSE {column} END"
    if isinstance(field, DateField):
        return _earlier(model, field, column)
    points_to = field.related_model if isinstance(field, ForeignKey) else None
    is_moved = points_to in grown_by_time() if points_to else field.primary_key
    return moved if is_moved else column


def _earlier(model: type[Model], field: Column, column: str) -> str:
    by_weeks = f"{column}, (-91 * k) || ' days'"
    if isinstance(field, DateTimeField):
        return f"datetime({by_weeks})"
    if field.name == "period_start" and hasattr(model, "period_kind"):
        by_months = f"date({column}, (-3 * k) || ' months')"
        kinds = "one.period_kind IN ('month', 'quarter')"
        return f"CASE WHEN {kinds} THEN {by_months} ELSE date({by_weeks}) END"
    return f"date({by_weeks})"


def _unique_fields(model: type[Model], fields: list[Column]) -> Iterator[Column]:
    """Yield the fields to replace, so that the copies keep the unique indexes of the table."""
    by_column = {one.column: one for one in fields}
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, model._meta.db_table).values()
    for index in found:
        together = [by_column[name] for name in index["columns"] if name in by_column]
        if index["unique"] and not index["primary_key"] and not any(map(_differs, together)):
            names: list[Column] = [
                one for one in together if isinstance(one, CharField) and not one.choices
            ]
            yield from (names or [one for one in together if one.null])[-1:]


def _differs(field: Column) -> bool:
    """Return whether each copy has another value anyway."""
    if isinstance(field, ForeignKey):
        return field.related_model in grown_by_time()
    return isinstance(field, DateField)
