"""The wall display: one tab after the other in big figures, for a screen that nobody touches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core import reporting_clock
from core.cacheable import cacheable
from dashboard.dashboard import Dashboard
from presentation import figures
from presentation.categories import CATEGORIES, Category
from presentation.filters import Filters
from presentation.filters import read as read_filters
from presentation.live_updates import limit_background_reloads, live_update_data
from presentation.page_query import query_service_of

SECONDS = 20
LEAST, MOST = 5, 600


@dataclass(frozen=True)
class Rotation:
    """The tabs in their order, the one that is shown, and the time that each stays."""

    given: QueryDict
    filters: Filters

    @cached_property
    def categories(self) -> Sequence[Category]:
        """The chosen tabs that exist; all without a choice."""
        chosen = [one for one in self.given.get("tabs", "").split(",") if one in CATEGORIES]
        return [CATEGORIES[one] for one in dict.fromkeys(chosen)] or list(CATEGORIES.values())

    @property
    def current(self) -> Category:
        key = self.given.get("tab")
        return next((one for one in self.categories if one.key == key), self.categories[0])

    @property
    def seconds(self) -> int:
        given = self.given.get("seconds", "")
        is_number = given.isascii() and given.isdigit() and len(given) < 5
        return min(max(int(given), LEAST), MOST) if is_number else SECONDS

    @property
    def is_paused(self) -> bool:
        return "paused" in self.given

    @property
    def tabs(self) -> list[tuple[Category, str, bool]]:
        """Each tab with its link and whether it is shown; a tab chosen by hand stays."""
        return [
            (one, self._url(one, is_paused=True), one is self.current) for one in self.categories
        ]

    @property
    def next_url(self) -> str:
        at = self.categories.index(self.current)
        return self._url(self.categories[(at + 1) % len(self.categories)], is_paused=False)

    @property
    def pause_url(self) -> str:
        """The page as it is, without going on; from there, going on."""
        return self._url(self.current, is_paused=not self.is_paused)

    def _url(self, category: Category, *, is_paused: bool) -> str:
        kept = {name: str(self.given.get(name, "")) for name in ("tabs", "seconds")}
        paused = {"paused": "yes"} if is_paused else {}
        return self.filters.query_string(**kept, tab=category.key, **paused)


@cacheable
@limit_background_reloads
@login_required
@require_safe
def wall(request: HttpRequest) -> HttpResponse:
    service = query_service_of(request)
    # before any figure is read
    live = live_update_data(service.reader)
    filters = read_filters(request.GET.dict(), reader=service.reader, now=service.now)
    rotation = Rotation(request.GET, filters)
    context: dict[str, Any] = {
        "live": live,
        "page": Dashboard(rotation.current, service, filters),
        "rotation": rotation,
        "reader": service.reader,
        "filters": filters,
        "zone": reporting_clock.reporting_zone().key,
        "hidden_note": figures.hidden_note(),
    }
    status = 400 if filters.errors else 200
    return render(request, "dashboard/wall/wall.html", context, status=status)
