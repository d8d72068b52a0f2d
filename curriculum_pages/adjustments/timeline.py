"""The timeline: the adjustments of each course, with what led to them and what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

from django.core.paginator import Page, Paginator
from django.utils.translation import gettext

from accounts.models import User
from curriculum_pages.adjustments.cards import AdjustmentCard, cards, visible_to
from curriculum_pages.adjustments.filters import NEEDS_DECISION, TimelineFilters
from curriculum_pages.adjustments.forms import MAY_DECIDE, DecisionForm, forms_for
from improvement.models import Adjustment
from kpis.query.query_service import KpiQueryService

PAGE_SIZE = 20
# two courses may have one title
BY_COURSE = ("course__title", "course_id")


@dataclass(frozen=True)
class TimelineEntry:
    """A card with the forms of the decisions that its reader may make."""

    card: AdjustmentCard
    forms: list[DecisionForm]


@dataclass
class Timeline:
    filters: TimelineFilters
    service: KpiQueryService
    user: User
    page_number: str = ""

    @cached_property
    def page(self) -> Page[Any]:
        rows = self.filters.rows().order_by(*BY_COURSE, "-proposed_at", "-pk")
        return Paginator(rows, PAGE_SIZE).get_page(self.page_number)

    @property
    def courses(self) -> list[tuple[str, list[TimelineEntry]]]:
        """The entries of the page by course, the whole site first or last as the rows are."""
        entries = [self._entry(one) for one in cards(self.page, self.service)]
        return [
            (course, list(some))
            for course, some in groupby(entries, lambda one: self._title(one.card))
        ]

    def _title(self, card: AdjustmentCard) -> str:
        return str(card.course) if card.course else gettext("Whole site")

    def _entry(self, card: AdjustmentCard) -> TimelineEntry:
        return TimelineEntry(card, self._forms(card.adjustment))

    def _forms(self, adjustment: Adjustment) -> list[DecisionForm]:
        if not self.user.has_perm(MAY_DECIDE):
            return []
        return forms_for(adjustment, self.user, self.service.now)

    @cached_property
    def waiting(self) -> int:
        return visible_to(self.service.reader).filter(NEEDS_DECISION).count()

    @cached_property
    def watched(self) -> int:
        rows = visible_to(self.service.reader)
        return rows.filter(status=Adjustment.Status.WATCHED).count()

    @property
    def filter_query(self) -> str:
        query = self.filters.query_string.removeprefix("?")
        return f"{query}&" if query else ""
