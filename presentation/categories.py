"""The dashboard's tabs: one category per app that owns KPIs, and the sections the app adds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from core.lazy_text import LazyText
from core.registry import Registry
from kpis.query.query_service import KpiQueryService
from presentation.page_query import PageResult
from presentation.reports.blocks import Section as ReportSection


@dataclass(frozen=True, kw_only=True)
class Category:
    """`about` describes the tab, `awaits` names the data that it needs.

    `trend`, `bars` and `by_module` list the keys of the KPIs in its line chart, its chart of
    actual values and targets, and its table of modules.
    """

    key: str
    title: LazyText
    about: LazyText
    awaits: LazyText
    trend: Sequence[str] = ()
    bars: Sequence[str] = ()
    by_module: Sequence[str] = ()


CATEGORIES: Registry[Category] = Registry("Category")  # not translated: for programmers


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
    """Declare a category; ValueError if its key is taken."""
    declared = Category(
        key=key,
        title=title,
        about=about,
        awaits=awaits,
        trend=trend,
        bars=bars,
        by_module=by_module,
    )
    CATEGORIES.register(key, declared)


# returns the template's `section` variable; None: the section is not shown
Show = Callable[[KpiQueryService, PageResult], dict[str, Any] | None]
# returns the same section for reports, from the template's `section` variable
InReport = Callable[[dict[str, Any]], ReportSection]


@dataclass(frozen=True)
class Section:
    """A part of a category's tab that the app of the category fills itself."""

    category: str
    template: str
    order: int
    show: Show
    in_report: InReport


SECTIONS: list[Section] = []


def section(
    category: str, template: str, in_report: InReport, *, order: int = 100
) -> Callable[[Show], Show]:
    """Declare a section below the charts of a category's tab, sorted by `order`."""

    def declare(show: Show) -> Show:
        SECTIONS.append(Section(category, template, order, show, in_report))
        SECTIONS.sort(key=lambda one: one.order)
        return show

    return declare


def check_keys(keys: Iterable[str]) -> None:
    """Raise a ValueError for a KPI's key whose category is not declared."""
    for key in keys:
        if key.partition(".")[0] not in CATEGORIES:
            known = ", ".join(sorted(CATEGORIES))
            raise ValueError(f"{key}: the key should begin with a category: {known}.")
