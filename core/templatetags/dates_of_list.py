"""The hierarchy of dates above a list of the admin, without reading all rows of the table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy
from datetime import date, datetime
from functools import cached_property
from typing import Any, Literal

from django.contrib.admin.templatetags import admin_list
from django.db.models import QuerySet
from django.template import Library
from django.utils import timezone

register = Library()
# what the hierarchy asks for
Kind = Literal["year", "month", "day"]


@register.inclusion_tag("admin/date_hierarchy.html")
def dates_of_list(changes: Any) -> dict[str, Any] | None:
    """Show Django's own hierarchy; its first and last date are looked up in an index."""
    by_index = copy(changes)
    by_index.queryset = _DatedRows(changes.queryset, changes.date_hierarchy)
    shown: dict[str, Any] | None = admin_list.date_hierarchy(by_index)
    return shown


class _DatedRows:
    """Answer the three questions that the hierarchy asks about the rows of a list."""

    def __init__(self, rows: QuerySet[Any], name: str) -> None:
        self._rows, self._name = rows, name

    @cached_property
    def _ends(self) -> dict[str, Any]:
        """The first and the last date; None without rows."""
        rows = self._rows.filter(**{f"{self._name}__isnull": False})
        dates = rows.order_by(self._name).values_list(self._name, flat=True)
        return {"first": dates.first(), "last": dates.last()}

    def aggregate(self, **_: Any) -> dict[str, Any]:
        return self._ends

    def datetimes(self, name: str, kind: Kind) -> Iterable[date]:
        return self._years() if kind == "year" else self._rows.datetimes(name, kind)

    def dates(self, name: str, kind: Kind) -> Iterable[date]:
        return self._years() if kind == "year" else self._rows.dates(name, kind)

    def _years(self) -> Iterator[date]:
        """Yield the start of each year from the first date to the last."""
        if self._ends["first"] is None:
            return
        first, last = map(_day, self._ends.values())
        yield from (date(year, 1, 1) for year in range(first.year, last.year + 1))


def _day(when: date) -> date:
    return timezone.localdate(when) if isinstance(when, datetime) else when
