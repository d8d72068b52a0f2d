"""The categories: the tabs of the dashboard, each declared by the app that owns its KPIs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.lazy_text import LazyText


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
