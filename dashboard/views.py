"""The dashboard, and the page of one KPI."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.admin.users import acting_user
from core import reporting_clock
from core.cacheable import cacheable
from dashboard.dashboard import COMPLETE, Dashboard
from dashboard.kpi_page import KpiPage
from dashboard.live.tokens import live_update_data
from dashboard.live.topics import topics_of_page
from dashboard.saved_views import opening
from dashboard.saved_views.menu import ViewMenu
from dashboard.saved_views.views import opened
from dashboard.shared_content import shared_content
from kpis.definitions.registry import REGISTRY
from presentation import figures
from presentation.categories import CATEGORIES
from presentation.filters import Filters
from presentation.filters import read as read_filters
from presentation.live_updates import limit_background_reloads
from presentation.page_query import query_service_of


@cacheable
@limit_background_reloads
@login_required
def dashboard(request: HttpRequest) -> HttpResponse:
    service, user = query_service_of(request), acting_user(request)
    if not request.GET and (view := opening.default_of(user)):
        return opened(request, opening.open_view(view, service.reader, service.now))
    key = request.GET.get("tab") or next(iter(CATEGORIES))
    if key not in CATEGORIES:
        raise Http404(f"Unknown tab {key}")  # not translated: not shown
    filters = read_filters(request.GET.dict(), reader=service.reader, now=service.now)
    is_complete = request.GET.get("show") == COMPLETE
    page = Dashboard(CATEGORIES[key], service, filters, is_complete)
    context = context_of(page, key, filters) | {"menu": ViewMenu(page, user)}
    context["content"] = shared_content(request, "dashboard/_dashboard_content.html", context)
    return render(request, "dashboard/dashboard.html", context, status=status_of(filters))


@cacheable
@limit_background_reloads
@login_required
def kpi(request: HttpRequest, key: str) -> HttpResponse:
    service = query_service_of(request)
    if key not in REGISTRY:
        raise Http404(f"Unknown KPI {key}")  # not translated: not shown
    filters = read_filters(request.GET.dict(), reader=service.reader, now=service.now)
    page = KpiPage(REGISTRY[key], service, filters, request.GET.get("by", ""))
    context = context_of(page, page.indicator.category, filters)
    context["content"] = shared_content(request, "dashboard/_kpi_content.html", context)
    return render(request, "dashboard/kpi.html", context, status=status_of(filters))


def context_of(page: Dashboard | KpiPage, category: str, filters: Filters) -> dict[str, Any]:
    query = filters.kpi_query
    topics = topics_of_page(category, query.kind, filters.reader, query.scope.course_ids)
    return {
        # before the page reads any figure
        "live": live_update_data(filters.reader, topics),
        "page": page,
        "reader": filters.reader,
        "filters": filters,
        "zone": reporting_clock.reporting_zone().key,
        "hidden_note": figures.hidden_note(),
    }


def status_of(filters: Filters) -> int:
    return 400 if filters.errors else 200
