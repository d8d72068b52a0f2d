"""The categories: the tabs of the dashboard, each declared by the app that owns its KPIs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from core.lazy_text import LazyText
from kpis.query.query_service import KpiQueryService
from presentation.page_query import PageResult


@dataclass(frozen=True, kw_only=True)
class Category:
    """`about` says what its tab shows, `awaits` what has to come in before it can.

    `trend` names the KPIs of its line chart, `bars` those of its chart of actual against target
    and `by_module` those of its table of modules.
    """

    key: str
    title: LazyText
    about: LazyText
    awaits: LazyText
    trend: Sequence[str] = ()
    bars: Sequence[str] = ()
    by_module: Sequence[str] = ()


CATEGORIES: dict[str, Category] = {}


def category(
    key: str,
    title: LazyText,
    *,
    about: LazyText,
    awaits: LazyText,
    trend: Sequence[str] = (),
    bars: Sequence[str] = (),
    by_module: Sequence[str] = (),
) -> None:
    """Declare a category; ValueError when there is one of this key."""
    if key in CATEGORIES:
        raise ValueError(f"Category {key} is declared twice.")
    CATEGORIES[key] = Category(
        key=key,
        title=title,
        about=about,
        awaits=awaits,
        trend=trend,
        bars=bars,
        by_module=by_module,
    )


# what a section shows, for its template under the name `section`; None: nothing now
Show = Callable[[KpiQueryService, PageResult], dict[str, Any] | None]


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
