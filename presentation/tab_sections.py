"""What a category's own app puts on its tab, below the charts that all tabs have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kpis.query.query_service import KpiQueryService
from presentation.page_query import PageQuery

# what a section shows, for its template under the name `section`; None: nothing now
Show = Callable[[KpiQueryService, PageQuery], dict[str, Any] | None]


@dataclass(frozen=True)
class Section:
    """A part of a category's tab that only the app that owns the category can fill."""

    category: str
    template: str
    order: int
    show: Show


SECTIONS: list[Section] = []


def section(category: str, template: str, *, order: int = 100) -> Callable[[Show], Show]:
    """Put a section under the charts of a category's tab; those of a lower order come first."""

    def declare(show: Show) -> Show:
        SECTIONS.append(Section(category, template, order, show))
        SECTIONS.sort(key=lambda one: one.order)
        return show

    return declare
