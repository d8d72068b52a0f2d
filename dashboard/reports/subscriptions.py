"""Subscribe to reports by e-mail, end subscriptions, and find what they show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from urllib.parse import parse_qsl, urlencode

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.reader import Reader
from dashboard.dashboard import Dashboard
from dashboard.embedding.links import may_show
from dashboard.kpi_page import KpiPage
from dashboard.models import ReportSubscription
from kpis.definitions.registry import REGISTRY
from kpis.query.query_service import KpiQueryService
from presentation.categories import CATEGORIES
from presentation.filters import NAMES, Filters
from presentation.filters import read as read_filters

Ended = ReportSubscription.Ended
DATES = ("from", "to")


class NotVisible(Exception):  # noqa: N818 - no error, an answer
    """The reader may not, or no longer, see the page of a report."""


def filters_in(given: Mapping[str, str]) -> dict[str, str]:
    """Return the filters of a page that its reports keep."""
    return {name: given[name] for name in NAMES if given.get(name) and name not in DATES}


def subscribe(
    user: User, shown: str, given: Mapping[str, str], frequency: str
) -> ReportSubscription:
    """Subscribe to a tab or KPI; NotVisible if the user may not see it. Twice is once."""
    chosen = filters_in(given)
    if frequency == ReportSubscription.Frequency.WEEKLY:
        chosen.setdefault("period", "week")
    is_kpi = "." in shown
    now = timezone.now()
    made = ReportSubscription(
        user=user,
        kpi=shown if is_kpi else "",
        tab="" if is_kpi else shown,
        query=urlencode(chosen),
        frequency=frequency,
        made_at=now,
    )
    page_of(made, now)
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError:
        same = {name: getattr(made, name) for name in ("user", "kpi", "tab", "query", "frequency")}
        return ReportSubscription.objects.get(**same, ended_at=None)
    return made


def end(subscription: ReportSubscription, why: Ended) -> bool:
    """End a subscription; return False if it had ended before."""
    rows = ReportSubscription.objects.filter(pk=subscription.pk, ended_at=None)
    return bool(rows.update(ended_at=timezone.now(), ended=why))


def resume(subscription: ReportSubscription) -> None:
    """Take back that its reader ended it, unless there is another of the same kind."""
    rows = ReportSubscription.objects.filter(pk=subscription.pk, ended=Ended.BY_READER)
    try:
        with transaction.atomic():
            rows.update(ended_at=None, ended=Ended.NOT)
    except IntegrityError:
        return


def page_of(subscription: ReportSubscription, now: datetime) -> Dashboard | KpiPage:
    """Return the page as its reader may see it now, but never figures of small groups.

    NotVisible if the account is closed, or a grant was withdrawn, or the page no longer exists.
    """
    reader = replace(Reader.of(subscription.user), sees_small_groups=False)
    given = dict(parse_qsl(subscription.query))
    filters = read_filters(given, reader=reader, now=now)
    if not reader.reads_kpis or filters.errors or not _may_show(reader, filters):
        raise NotVisible
    service = KpiQueryService(reader, now)
    if subscription.tab in CATEGORIES:
        return Dashboard(CATEGORIES[subscription.tab], service, filters)
    if subscription.kpi not in REGISTRY:
        raise NotVisible
    page = KpiPage(REGISTRY[subscription.kpi], service, filters, "")
    try:
        _ = page.result
    except PermissionDenied as error:
        raise NotVisible from error
    return page


def _may_show(reader: Reader, filters: Filters) -> bool:
    return may_show(reader, filters.kpi_query.course, filters.kpi_query.run)


def title_of(subscription: ReportSubscription) -> str:
    if subscription.kpi in REGISTRY:
        return str(REGISTRY[subscription.kpi].name)
    tab = CATEGORIES.get(subscription.tab)
    return str(tab.title) if tab else str(subscription)


def path_of(subscription: ReportSubscription) -> str:
    """Return the path of the page with its filters."""
    given = dict(parse_qsl(subscription.query))
    if subscription.tab:
        return f"{reverse('dashboard:dashboard')}?{urlencode({'tab': subscription.tab} | given)}"
    page = reverse("dashboard:kpi", args=[subscription.kpi])
    return f"{page}?{subscription.query}" if subscription.query else page
