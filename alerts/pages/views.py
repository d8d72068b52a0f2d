"""The list of alerts, and the page of one with its actions."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.reader import Reader
from alerts.models import Alert
from alerts.pages.alert_list import (
    AlertFilterForm,
    cards,
    counts,
    fields,
    last_evaluated,
    sorted_alerts,
)
from alerts.pages.alert_page import AlertPage
from alerts.pages.bulk_form import BulkForm, report
from alerts.pages.forms import ACTIONS, ActionForm
from core.cacheable import cacheable
from kpis.query.query_service import KpiQueryService
from presentation.live_updates import limit_background_reloads, live_update_data
from presentation.page_query import query_service_of

PAGE_SIZE = 50


@cacheable
@limit_background_reloads
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def alerts(request: HttpRequest) -> HttpResponse:
    service, user = query_service_of(request), cast("User", request.user)
    if request.method != "POST":
        return _list(request, service, BulkForm(service=service, user=user))
    sent = BulkForm(request.POST, service=service, user=user)
    if not sent.is_valid():
        return _list(request, service, sent, status=400)
    report(request, sent, sent.perform())
    return HttpResponseRedirect(request.get_full_path())


def _list(
    request: HttpRequest, service: KpiQueryService, bulk: BulkForm, status: int = 200
) -> HttpResponse:
    user = cast("User", request.user)
    live_data = live_update_data(service.reader)
    form = AlertFilterForm(request.GET, service=service, user=user)
    is_valid = form.is_valid()
    page = Paginator(form.rows(), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "reader": service.reader,
        "live": live_data,
        "fields": fields(form),
        "errors": form.errors,
        "has_filters": any(form.data.get(name) for name in form.fields),
        "counts": counts(service.reader, user),
        "page": page,
        "cards": cards(page, service),
        "filter_query": _filter_query(request),
        "search": form.data.get("q", ""),
        "bulk": bulk,
        "checked": bulk.chosen,
        "last_evaluated": last_evaluated(),
    }
    code = status if is_valid else 400
    return render(request, "alerts/alerts.html", context, status=code)


@cacheable
@limit_background_reloads
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def alert(request: HttpRequest, pk: int) -> HttpResponse:
    service, user = query_service_of(request), cast("User", request.user)
    live_data = live_update_data(service.reader)
    found = alert_of(service.reader, pk)
    sent = None
    if request.method == "POST":
        action = request.POST.get("act", "")
        if action not in ACTIONS:
            raise Http404(gettext("Unknown action “%(action)s”.") % {"action": action})
        sent = ACTIONS[action](request.POST, alert=found, user=user, now=service.now)
    if sent and sent.perform():
        messages.success(request, str(sent.done))
        return HttpResponseRedirect(reverse("alerts:alert", args=[pk]))
    context = {
        "reader": service.reader,
        "live": live_data,
        "page": AlertPage(service, alert_of(service.reader, pk)),
        "last_evaluated": last_evaluated(),
        "forms": _forms(service, user, found, sent),
        "invalid_form": sent,
    }
    return render(request, "alerts/alert.html", context, status=400 if sent else 200)


def alert_of(reader: Reader, pk: int) -> Alert:
    """Http404 for an alert that does not exist or that the reader may not see."""
    found = sorted_alerts(Alert.objects.visible_to(reader)).filter(pk=pk).first()
    if found is None:
        raise Http404(gettext("Unknown alert %(pk)s.") % {"pk": pk})
    return found


def _forms(
    service: KpiQueryService, user: User, found: Alert, sent: ActionForm | None
) -> list[ActionForm]:
    """The forms of the available actions, one of them with its errors."""
    return [
        sent if sent and sent.action == one.action else one(alert=found, user=user, now=service.now)
        for one in ACTIONS.values()
        if one.is_available(found)
    ]


def _filter_query(request: HttpRequest) -> str:
    """The filters as a query string, for links to other pages of the list."""
    query: Any = request.GET.copy()
    query.pop("page", None)
    return f"{query.urlencode()}&" if query else ""
