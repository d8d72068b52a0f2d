"""The categories: the tabs of the dashboard, each declared by the app that owns its KPIs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from curriculum.words import Words

if TYPE_CHECKING:
    from kpis.ask import Desk
    from kpis.dashboard import Asked


@dataclass(frozen=True, kw_only=True)
class Category:
    """`about` says what its tab shows, `awaits` what has to come in before it can.

    `trend` names the KPIs of its line chart, `bars` those of its chart of actual against target
    and `by_module` those of its table of modules.
    """

    key: str
    title: Words
    about: Words
    awaits: Words
    trend: Sequence[str] = ()
    bars: Sequence[str] = ()
    by_module: Sequence[str] = ()


CATEGORIES: dict[str, Category] = {}


def category(key: str, title: Words, *, about: Words, awaits: Words, **more: Sequence[str]) -> None:
    """Declare a category; ValueError when there is one of this key."""
    if key in CATEGORIES:
        raise ValueError(f"Category {key} is declared twice.")
    CATEGORIES[key] = Category(key=key, title=title, about=about, awaits=awaits, **more)


# what a section shows, for its template under the name `section`; None: nothing now
Show = Callable[["Desk", "Asked"], dict[str, Any] | None]


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
