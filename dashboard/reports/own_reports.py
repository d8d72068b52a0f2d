"""The page where readers subscribe to reports by e-mail, see theirs, and end them."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.admin.users import acting_user
from accounts.api_permissions import MayReadKpis
from accounts.reader import Reader
from core.post_only import post_only
from dashboard.models import ReportSubscription
from dashboard.reports import subscriptions
from dashboard.reports.facts import place_of
from kpis.definitions.registry import REGISTRY
from kpis.models import PeriodKind
from presentation.categories import CATEGORIES
from presentation.filters import read as read_filters

PERIODS = dict(PeriodKind.choices)


@dataclass(frozen=True)
class Row:
    """A subscription as its reader sees it, or the page that one is offered for."""

    subscription: ReportSubscription
    reader: Reader

    @property
    def title(self) -> str:
        return subscriptions.title_of(self.subscription)

    @property
    def path(self) -> str:
        return subscriptions.path_of(self.subscription)

    @property
    def given(self) -> dict[str, str]:
        return dict(parse_qsl(self.subscription.query))

    @property
    def place(self) -> str:
        filters = read_filters(self.given, reader=self.reader, now=timezone.now())
        return place_of(filters)

    @property
    def period(self) -> str:
        return str(PERIODS.get(self.given.get("period", ""), PERIODS[PeriodKind.MONTH]))


@require_safe
@login_required
def own_reports(request: HttpRequest) -> HttpResponse:
    return _page(request, _reader(request), request.GET.dict())


@post_only("dashboard:reports")
@login_required
def subscribe(request: HttpRequest) -> HttpResponse:
    reader, given = _reader(request), request.POST.dict()
    frequency = given.get("frequency", "")
    if _offered(given) is None or frequency not in ReportSubscription.Frequency.values:
        return _page(request, reader, given, status=400)
    try:
        subscriptions.subscribe(acting_user(request), given["shown"], given, frequency)
    except subscriptions.NotVisible:
        return _page(request, reader, given, status=400)
    return redirect("dashboard:reports")


@post_only("dashboard:reports")
@login_required
def end(request: HttpRequest, pk: int) -> HttpResponse:
    _reader(request)
    mine = get_object_or_404(ReportSubscription, pk=pk, user=acting_user(request))
    subscriptions.end(mine, subscriptions.Ended.BY_READER)
    return redirect("dashboard:reports")


def _offered(given: dict[str, str]) -> ReportSubscription | None:
    """Return an unsaved subscription to the page that was left; None without one."""
    shown = given.get("shown", "")
    if shown not in CATEGORIES and shown not in REGISTRY:
        return None
    is_kpi, query = shown in REGISTRY, urlencode(subscriptions.filters_in(given))
    return ReportSubscription(kpi=shown if is_kpi else "", tab="" if is_kpi else shown, query=query)


def _page(
    request: HttpRequest, reader: Reader, given: dict[str, str], status: int = 200
) -> HttpResponse:
    mine = ReportSubscription.objects.filter(user=acting_user(request), ended_at=None)
    offered = _offered(given)
    context = {
        "rows": [Row(one, reader) for one in mine],
        "offered": Row(offered, reader) if offered else None,
        "shown": given.get("shown", ""),
        "frequencies": ReportSubscription.Frequency.choices,
        "is_wrong": status == 400,
    }
    return render(request, "dashboard/reports/reports.html", context, status=status)


def _reader(request: HttpRequest) -> Reader:
    reader = Reader.of(request.user)
    if not reader.reads_kpis:
        raise PermissionDenied(MayReadKpis.message)
    return reader
