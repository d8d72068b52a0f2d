"""Read the figures of all modules at once: as many queries for a hundred modules as for one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from alerts.models import Alert
from curriculum.models import Module, ParameterChange
from curriculum_pages.framework.module_health import ModuleHealth, Progress, losing_most
from kpis.definitions.periods import Period
from kpis.definitions.registry import REGISTRY
from kpis.models import Measurement
from kpis.query import suppressed_tables
from kpis.query.kpi_query import KpiQuery
from kpis.query.query_service import KpiQueryService
from kpis.query.results import MetricValue

COMPLETION = "engagement.completion-rate"
SCORE = "engagement.assessment-performance"
DEPTH = "engagement.depth"
ATTAINMENT = "outcome.skill-attainment"


@dataclass(frozen=True)
class Attainment:
    """The share of a skill's assessments that reached mastery; None if there is none to show."""

    share: float | None = None
    is_hidden: bool = False


def health_of_modules(
    modules: Sequence[Module], service: KpiQueryService, query: KpiQuery
) -> dict[int, ModuleHealth]:
    """Return the health of each module by its id, with what the reader may see."""
    progress = _progress(modules, service, query)
    scores, depths = (_values(key, service, query) for key in (SCORE, DEPTH))
    alerts, changes = _open_alerts(service), _proposed_changes(modules)
    most = _losing_most(modules, progress)
    return {
        one.pk: ModuleHealth(
            module=one,
            progress=progress.get(one.pk, Progress()),
            score=scores.get(one.pk),
            depth=depths.get(one.pk),
            alerts=alerts.get(one.pk, 0),
            changes=changes.get(one.pk, 0),
            loses_most=one.pk in most,
        )
        for one in modules
    }


def _values(key: str, service: KpiQueryService, query: KpiQuery) -> Mapping[int, MetricValue]:
    indicator = REGISTRY[key]
    if query.run is not None and not indicator.has_runs:
        return {}
    period = query.window or query.current
    inside = query.periods if query.window else [period]
    return service.group_values(indicator, query.scope, "module", {period: inside})[period]


def _table(
    key: str, drill: str, service: KpiQueryService, query: KpiQuery
) -> tuple[Period, Sequence[Mapping[str, Any]]]:
    indicator = REGISTRY[key]
    found = indicator.drill_downs[drill]
    period, table = suppressed_tables.suppressed_table(found, indicator, query, service)
    return period, table.rows


def _progress(
    modules: Sequence[Module], service: KpiQueryService, query: KpiQuery
) -> dict[int, Progress]:
    """Of the hidden rows only the names are left; they hide every module with these names."""
    rows = _table(COMPLETION, "modules", service, query)[1]
    hidden = {(row["course"], row["title"]) for row in rows if row.get("is_hidden")}
    found = {
        one.pk: Progress(is_hidden=True)
        for one in modules
        if (one.course.title, one.title) in hidden
    }
    return found | {
        row["module"]: Progress(row["planned"], row["reach"], row["completion"], row["drop_off"])
        for row in rows
        if not row.get("is_hidden")
    }


def _losing_most(modules: Sequence[Module], progress: Mapping[int, Progress]) -> set[int | None]:
    by_course: dict[int, list[tuple[int, Progress]]] = defaultdict(list)
    for one in modules:
        if one.pk in progress:
            by_course[one.course_id].append((one.pk, progress[one.pk]))
    return {losing_most(its) for its in by_course.values()}


def _open_alerts(service: KpiQueryService) -> dict[int, int]:
    alerts = Alert.objects.visible_to(service.reader).open()
    of_modules = alerts.filter(scope=Measurement.Scope.MODULE).order_by()
    return dict(of_modules.values_list("scope_id").annotate(rows=Count("pk")))


def _proposed_changes(modules: Iterable[Module]) -> dict[int, int]:
    proposed = ParameterChange.objects.filter(
        status=ParameterChange.Status.PROPOSED, parameter__module__in=modules
    )
    return dict(proposed.order_by().values_list("parameter__module").annotate(rows=Count("pk")))


def attainment_of_skills(
    service: KpiQueryService, query: KpiQuery
) -> tuple[Period, dict[str, Attainment]]:
    """Return the period and the attainment of each assessed skill, by its key."""
    period, rows = _table(ATTAINMENT, "skills", service, query)
    return period, {
        row["skill__key"]: Attainment(row.get("value"), bool(row.get("is_hidden"))) for row in rows
    }
