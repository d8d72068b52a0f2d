"""What comments say in a period, as one reader may see it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import F, Window
from django.db.models.functions import Length, RowNumber

from kpis.definitions.aggregates import within
from kpis.definitions.periods import Period
from kpis.definitions.registry import REGISTRY
from kpis.query import suppressed_tables
from kpis.query.kpi_query import KpiQuery
from kpis.query.query_service import KpiQueryService
from outcomes.drill_downs.feedback import ENROLLMENT, remarks
from outcomes.facts.surveys import SATISFACTION
from outcomes.models import Testimonial

Row = dict[str, Any]

QUOTATIONS_EACH, MOST_TESTIMONIALS = 3, 6
LONGEST_QUOTATION = 400


@dataclass(frozen=True)
class Feedback:
    """Rows by the columns of their drill-downs; of a hidden one only the texts are left.

    A theme adds `trend` (its share less that of the period before; None where one of them is not
    shown) and `quotations` (of learners who agreed to be quoted).
    """

    period: Period
    themes: Sequence[Row]
    languages: Sequence[Row]
    testimonials: Sequence[Row]

    @property
    def comments(self) -> int | None:
        """How many there are in any language; None where all of them are hidden."""
        shown = [row["comments"] for row in self.languages if not row.get("is_hidden")]
        return sum(shown) if shown or not self.languages else None

    @property
    def hides_any(self) -> bool:
        return any(row.get("is_hidden") for row in [*self.themes, *self.languages])


def summarize(desk: KpiQueryService, question: KpiQuery) -> Feedback:
    """The comments of the window asked for, else of the last period that is over."""
    # comments are about a course, and cannot be told apart by module
    question = replace(question, module=None, scope=replace(question.scope, module_id=None))
    period, themes = _shown("themes", question, desk)
    _, before = _shown("themes", replace(question, window=period.previous), desk)
    _, languages = _shown("languages", question, desk)
    shares = {row["key"]: row.get("share") for row in before}
    said = _quotations(period.as_of(question.now), question, themes)
    return Feedback(
        period,
        [_with_trend(row, shares) | {"quotations": said.get(row["key"], [])} for row in themes],
        languages,
        testimonials(question),
    )


def _shown(key: str, question: KpiQuery, desk: KpiQueryService) -> tuple[Period, Sequence[Row]]:
    indicator = REGISTRY[SATISFACTION]
    period, table = suppressed_tables.suppressed_table(
        indicator.drill_downs[key], indicator, question, desk
    )
    return period, table.rows


def _with_trend(row: Row, before: Mapping[str, float | None]) -> Row:
    now, then = row.get("share"), before.get(row["key"], 0.0 if before else None)
    return row | {"trend": None if now is None or then is None else now - then}


def _quotations(when: Period, question: KpiQuery, rows: Sequence[Row]) -> dict[str, list[str]]:
    """The most typical words on each theme that is shown, of who agreed to be quoted."""
    shown = [row["key"] for row in rows if row["key"] and not row.get("is_hidden")]
    found: dict[str, list[str]] = defaultdict(list)
    for key, text in _typical(when, question, shown):
        if text not in found[key]:
            found[key].append(text)
    return {key: texts[:QUOTATIONS_EACH] for key, texts in found.items()}


def _typical(when: Period, question: KpiQuery, keys: Collection[str]) -> Sequence[tuple[str, str]]:
    place = Window(
        RowNumber(), partition_by=F("theme"), order_by=[F("fit").desc(), F("answered_at").desc()]
    )
    quotable = remarks(when, question.scope).filter(
        theme__key__in=keys, response__may_quote=True, text=F("response__comment")
    )
    short = quotable.annotate(length=Length("text")).filter(length__lte=LONGEST_QUOTATION)
    # more than are shown, for the same words may come twice
    few = short.annotate(place=place).filter(place__lte=4 * QUOTATIONS_EACH)
    return list(few.order_by("theme", "place").values_list("theme__key", "text"))


def testimonials(question: KpiQuery) -> list[Row]:
    """The latest that were approved, of answers from before the end of what is asked for."""
    end = (question.window or question.current).end
    shown = within(
        Testimonial.objects.shown().filter(response__answered_at__lt=end),
        question.scope,
        enrollment=ENROLLMENT,
    )
    latest = shown.order_by("-response__answered_at", "-pk")[:MOST_TESTIMONIALS]
    return list(
        latest.values(
            "text",
            course=F("response__enrollment__run__course__title"),
            answered_at=F("response__answered_at"),
        )
    )
