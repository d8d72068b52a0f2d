"""Summarize the comments of a period for one reader."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import F, Window
from django.db.models.functions import Length, RowNumber

from kpis.definitions.periods import Period
from kpis.definitions.registry import REGISTRY
from kpis.definitions.scopes import within
from kpis.query import suppressed_tables
from kpis.query.kpi_query import KpiQuery
from kpis.query.query_service import KpiQueryService
from outcomes.drill_downs.feedback import ENROLLMENT, comment_analyses
from outcomes.facts.surveys import SATISFACTION
from outcomes.models import Testimonial

Row = dict[str, Any]

QUOTATIONS_PER_THEME, MAX_TESTIMONIALS = 3, 6
MAX_QUOTATION_LENGTH = 400


@dataclass(frozen=True)
class Feedback:
    """The rows of the drill-downs about comments; hidden rows contain only their texts.

    Each theme also has a `trend` (its share minus its share in the previous period; None if
    either is hidden) and `quotations` (from learners who agreed to be quoted).
    """

    period: Period
    themes: Sequence[Row]
    languages: Sequence[Row]
    testimonials: Sequence[Row]

    @property
    def comments(self) -> int | None:
        """The number of comments in all languages; None if all of them are hidden."""
        shown = [row["comments"] for row in self.languages if not row.get("is_hidden")]
        return sum(shown) if shown or not self.languages else None

    @property
    def hides_any(self) -> bool:
        return any(row.get("is_hidden") for row in [*self.themes, *self.languages])


def summarize(service: KpiQueryService, query: KpiQuery) -> Feedback:
    """Summarize the period of the query, or the last complete period if it has none."""
    # comments are about a course, so they cannot be broken down by module
    query = replace(query, module=None, scope=replace(query.scope, module_id=None))
    period, themes = _table("themes", query, service)
    _, before = _table("themes", replace(query, window=period.previous), service)
    _, languages = _table("languages", query, service)
    shares = {row["key"]: row.get("share") for row in before}
    quotations = _quotations(period.as_of(query.now), query, themes)
    return Feedback(
        period,
        [
            _with_trend(row, shares) | {"quotations": quotations.get(row["key"], [])}
            for row in themes
        ],
        languages,
        latest_testimonials(query),
    )


def _table(key: str, query: KpiQuery, service: KpiQueryService) -> tuple[Period, Sequence[Row]]:
    indicator = REGISTRY[SATISFACTION]
    period, table = suppressed_tables.suppressed_table(
        indicator.drill_downs[key], indicator, query, service
    )
    return period, table.rows


def _with_trend(row: Row, before: Mapping[str, float | None]) -> Row:
    now, then = row.get("share"), before.get(row["key"], 0.0 if before else None)
    return row | {"trend": None if now is None or then is None else now - then}


def _quotations(when: Period, query: KpiQuery, rows: Sequence[Row]) -> dict[str, list[str]]:
    """The most typical comments on each visible theme, from learners who agreed to be quoted."""
    shown = [row["key"] for row in rows if row["key"] and not row.get("is_hidden")]
    found: dict[str, list[str]] = defaultdict(list)
    for key, text in _typical(when, query, shown):
        if text not in found[key]:
            found[key].append(text)
    return {key: texts[:QUOTATIONS_PER_THEME] for key, texts in found.items()}


def _typical(when: Period, query: KpiQuery, keys: Collection[str]) -> Sequence[tuple[str, str]]:
    place = Window(
        RowNumber(), partition_by=F("theme"), order_by=[F("fit").desc(), F("answered_at").desc()]
    )
    quotable = comment_analyses(when, query.scope).filter(
        theme__key__in=keys, response__may_quote=True, text=F("response__comment")
    )
    short = quotable.annotate(length=Length("text")).filter(length__lte=MAX_QUOTATION_LENGTH)
    # more than are shown, because the same words may occur twice
    few = short.annotate(place=place).filter(place__lte=4 * QUOTATIONS_PER_THEME)
    return list(few.order_by("theme", "place").values_list("theme__key", "text"))


def latest_testimonials(query: KpiQuery) -> list[Row]:
    """The latest approved testimonials from before the end of the query's period."""
    end = (query.window or query.current).end
    shown = within(
        Testimonial.objects.shown().filter(response__answered_at__lt=end),
        query.scope,
        enrollment=ENROLLMENT,
    )
    latest = shown.order_by("-response__answered_at", "-pk")[:MAX_TESTIMONIALS]
    return list(
        latest.values(
            "text",
            course=F("response__enrollment__run__course__title"),
            answered_at=F("response__answered_at"),
        )
    )
