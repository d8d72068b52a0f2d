"""What waits for staff: a slot that apps fill, and that the admin's home shows.

An entry is counted by one query, and only for accounts that may do the work.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from core.lazy_text import LazyText


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Rows that wait for somebody with all of `permissions`.

    `title` names the rows in the plural; `page` is the URL name of their list, whose `query`
    selects them.
    """

    title: LazyText
    permissions: tuple[str, ...]
    rows: Callable[[], QuerySet[Any]]
    page: str
    query: Callable[[], str]


@dataclass(frozen=True)
class Work:
    """An entry with at least one row."""

    title: LazyText
    count: int
    url: str


ENTRIES: list[Entry] = []


def add_to_work_queue(
    title: LazyText,
    rows: Callable[[], QuerySet[Any]],
    *permissions: str,
    page: str,
    query: str | Callable[[], str] = "",
) -> None:
    """Add an entry; call it in an app's admin module."""
    text = query if callable(query) else lambda: query
    ENTRIES.append(Entry(title=title, permissions=permissions, rows=rows, page=page, query=text))


def work_for(account: Any) -> list[Work]:
    """Return what waits for this account, in the order of the apps."""
    counted = [
        (one, one.rows().order_by().count())
        for one in ENTRIES
        if account.has_perms(one.permissions)
    ]
    return [
        Work(one.title, count, f"{reverse(one.page)}?{one.query()}".rstrip("?"))
        for one, count in counted
        if count
    ]
