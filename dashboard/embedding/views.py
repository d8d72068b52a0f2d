"""The page of links, and what a frame shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from csp.constants import NONE
from csp.decorators import csp_replace
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_GET, require_safe

from accounts.admin.users import acting_user
from accounts.api_permissions import MayReadKpis
from accounts.reader import Reader
from core import reporting_clock
from core.cacheable import cacheable
from core.post_only import post_only
from dashboard.dashboard import Dashboard
from dashboard.embedding import links
from dashboard.embedding.forms import EmbedLinkForm
from dashboard.models import EmbedLink
from kpis.definitions.registry import REGISTRY
from kpis.query.query_service import KpiQueryService
from presentation import charts, figures
from presentation.categories import CATEGORIES
from presentation.filters import read as read_filters
from presentation.page_query import query_page

MOST_LINKS = 200


@dataclass(frozen=True)
class LinkRow:
    """A link of the page's list; `url` is None once it has ended."""

    link: EmbedLink
    now: datetime

    @property
    def url(self) -> str | None:
        is_valid = self.link.withdrawn_at is None and self.link.expires_at > self.now
        return links.url_of(self.link) if is_valid else None

    @property
    def shown(self) -> str:
        if self.link.kpi in REGISTRY:
            return str(REGISTRY[self.link.kpi].name)
        tab = CATEGORIES.get(self.link.tab)
        return str(tab.title) if tab else self.link.kpi or self.link.tab

    @property
    def last_day(self) -> date:
        return timezone.localdate(self.link.expires_at - timedelta(microseconds=1))


@cacheable
@require_safe
def embedded(request: HttpRequest, token: str) -> HttpResponseBase:
    """Show what a link shows; whoever is signed in is nobody here."""
    # first of all, so that nothing on the page depends on a session
    request.user = AnonymousUser()
    origins = settings.KPI_EMBED_ORIGINS
    view = csp_replace({"frame-ancestors": origins or [NONE]})(partial(_embedded, token=token))
    response = (xframe_options_exempt(view) if origins else view)(request)
    # the address is a secret: keep it out of referrers and search engines
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _embedded(request: HttpRequest, token: str) -> HttpResponse:
    now = timezone.now()
    try:
        link = links.link_of(token, now)
        if link is None:
            return _ended(request, 404)
        reader = links.reader_of(link)
    except links.LinkEnded:
        return _ended(request, 410)
    service = KpiQueryService(reader, now)
    # notes on dates are for those with an account
    service.date_notes = ()
    context = _content(link, service)
    if context is None:
        return _ended(request, 410)
    return render(request, "dashboard/embed/page.html", {"link": link, **context})


def _content(link: EmbedLink, service: KpiQueryService) -> dict[str, Any] | None:
    """Return the figures of a link; None if the product no longer has the KPI or tab."""
    place = {"course": link.course, "run": link.run}
    given = {"period": link.period} | {name: one.key for name, one in place.items() if one}
    filters = read_filters(given, reader=service.reader, now=service.now)
    if filters.errors:
        # never more than the link says
        return None
    common = {
        "filters": filters,
        "reader": service.reader,
        "zone": reporting_clock.reporting_zone().key,
        "hidden_note": figures.hidden_note(),
    }
    if link.tab in CATEGORIES:
        page = Dashboard(CATEGORIES[link.tab], service, filters)
        return common | {"page": page, "title": page.category.title, "cards": page.cards}
    if link.kpi not in REGISTRY:
        return None
    result = query_page(service, [REGISTRY[link.kpi]], filters)
    chart = {
        "chart": charts.line_chart([result.cards[0].result], with_bands=True),
        "summary": charts.line_chart_summary([result.cards[0].result]),
    }
    return common | {"title": REGISTRY[link.kpi].name, "cards": result.cards, "trend": chart}


def _ended(request: HttpRequest, status: int) -> HttpResponse:
    return render(request, "dashboard/embed/ended.html", status=status)


@require_GET
@login_required
def embed_links(request: HttpRequest) -> HttpResponse:
    reader = _reader(request)
    chosen = {name: request.GET.get(name) for name in ("shown", "course", "period")}
    initial = {name: value for name, value in chosen.items() if value}
    return _page(request, EmbedLinkForm(reader=reader, initial=initial))


@post_only("dashboard:embed-links")
@login_required
def make_link(request: HttpRequest) -> HttpResponse:
    form = EmbedLinkForm(request.POST, reader=_reader(request))
    if not form.is_valid():
        return _page(request, form, status=400)
    form.make(acting_user(request))
    return redirect("dashboard:embed-links")


@post_only("dashboard:embed-links")
@login_required
def withdraw_link(request: HttpRequest, pk: int) -> HttpResponse:
    _reader(request)
    user = acting_user(request)
    links.withdraw(get_object_or_404(EmbedLink, pk=pk, made_by=user), by=user)
    return redirect("dashboard:embed-links")


def _page(request: HttpRequest, form: EmbedLinkForm, status: int = 200) -> HttpResponse:
    now, user = timezone.now(), acting_user(request)
    mine = EmbedLink.objects.filter(made_by=user).select_related("course", "run__course")
    rows = [LinkRow(one, now) for one in mine[:MOST_LINKS]]
    context = {"form": form, "rows": rows, "origins": settings.KPI_EMBED_ORIGINS}
    return render(request, "dashboard/embed/links.html", context, status=status)


def _reader(request: HttpRequest) -> Reader:
    """Return the access of somebody who sees a course or a run; PermissionDenied for others."""
    reader = Reader.of(request.user)
    if not (links.may_show(reader, None) or (reader.reads_kpis and reader.runs_by_course)):
        raise PermissionDenied(MayReadKpis.message)
    return reader
