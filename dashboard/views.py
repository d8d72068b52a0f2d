"""The pages: the dashboard and one KPI in depth."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from dashboard.dashboard import Dashboard
from dashboard.kpi_page import KpiPage
from dashboard.live.tokens import live_update_data
from dashboard.live.topics import topics_of_page
from kpis.definitions.registry import REGISTRY
from presentation import filters
from presentation.categories import CATEGORIES, Category
from presentation.filters import Filters
from presentation.live_updates import limit_background_reloads
from presentation.page_query import query_service_of


@limit_background_reloads
@login_required
def dashboard(request: HttpRequest) -> HttpResponse:
    desk = query_service_of(request)
    asked = filters.read(request.GET.dict(), reader=desk.reader, now=desk.now)
    page = Dashboard(category_of(request), desk, asked)
    context = context_of(page, page.category.key, asked)
    return render(request, "dashboard/dashboard.html", context, status=status_of(asked))


@limit_background_reloads
@login_required
def kpi(request: HttpRequest, key: str) -> HttpResponse:
    desk = query_service_of(request)
    if key not in REGISTRY:
        raise Http404(f"There is no KPI {key}.")
    asked = filters.read(request.GET.dict(), reader=desk.reader, now=desk.now)
    page = KpiPage(REGISTRY[key], desk, asked, request.GET.get("by", ""))
    context = context_of(page, page.indicator.category, asked)
    return render(request, "dashboard/kpi.html", context, status=status_of(asked))


def context_of(page: Dashboard | KpiPage, category: str, asked: Filters) -> dict[str, Any]:
    question = asked.kpi_query
    live = live_update_data(topics_of_page(category, question.kind, question.scope.course_ids))
    return {"page": page, "reader": asked.reader, "filters": asked, "live": live}


def category_of(request: HttpRequest) -> Category:
    """The tab asked for, the first one by default."""
    key = request.GET.get("tab") or next(iter(CATEGORIES))
    if key not in CATEGORIES:
        raise Http404(f"There is no tab {key}.")
    return CATEGORIES[key]


def status_of(asked: Filters) -> int:
    return 400 if asked.errors else 200
