"""Queue the history of KPIs that are new, or whose definition has a new version."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.apps.registry import Apps
from django.db import transaction
from django.db.models import F, Max, Min, QuerySet
from django.utils import timezone

from core import reporting_clock
from core.changes import CourseId
from core.database import bulk_upsert
from core.database.locks import queue_to_write
from kpis.definitions.facts import Facts
from kpis.definitions.periods import local_day
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.models import ComputedDefinition
from kpis.recompute import stale_days
from kpis.recompute.stale_days import Span, day_of
from kpis.recompute.stored_rows import table_of


def queue_new_definitions(now: datetime) -> list[str]:
    """Mark all days with facts or figures of these KPIs stale; returns their keys.

    Safe to repeat and to kill: a definition is noted in the transaction that marks its days.
    """
    known = dict(ComputedDefinition.objects.values_list("kpi", "version"))
    new = [
        one for one in REGISTRY.values() if one.is_computed and known.get(one.key) != one.version
    ]
    if not new:
        return []
    with queue_to_write(), transaction.atomic():
        stale_days.write_spans({one.key: set(_spans(one, now)) for one in new})
        bulk_upsert.upsert(
            ComputedDefinition,
            ("kpi", "version", "since"),
            [(one.key, one.version, now) for one in sorted(new, key=lambda one: one.key)],
            conflict="kpi",
            merge={"version": "replace", "since": "replace"},
        )
    return [one.key for one in new]


def queue_after_migrating(apps: Apps | None = None, **kwargs: object) -> None:
    """Do so after a migration, unless it went back to before these tables."""
    if apps is None or "computeddefinition" in apps.all_models["kpis"]:
        queue_new_definitions(timezone.now())


def _spans(indicator: Indicator, now: datetime) -> Iterator[Span]:
    """Yield from when to when each course has facts or stored figures."""
    for facts in indicator.all_facts:
        yield from _spans_of_facts(facts, now)
    table: QuerySet[Any] = QuerySet(table_of(indicator).model)
    stored = table.filter(kpi=indicator.key).order_by()
    rows = stored.values_list("course").annotate(Min("period_start"), Max("period_start"))
    yield from rows.values_list("course", "period_start__min", "period_start__max")


def _spans_of_facts(facts: Facts, now: datetime) -> Iterator[Span]:
    rows: QuerySet[Any] = QuerySet(facts.model).filter(**{f"{facts.at}__isnull": False})
    course = {"fact_course": F(facts.course)} if facts.course else {}
    dated = rows.order_by().annotate(**course).values(*course)
    for row in dated.annotate(fact_first=Min(facts.at), fact_last=Max(facts.at)):
        of: CourseId = row.get("fact_course")
        last = local_day(now, reporting_clock.reporting_zone())
        if not facts.until:
            last = day_of(row["fact_last"])
        yield of, day_of(row["fact_first"]), max(last, day_of(row["fact_first"]))
