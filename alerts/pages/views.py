"""The pages of alerts: the list, and one with what people do about it."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import Reader
from accounts.models import User
from alerts.models import Alert
from alerts.pages.alert_list import AlertFilterForm, cards, counts, fields, in_order
from alerts.pages.alert_page import AlertPage
from alerts.pages.forms import ACTS, ActForm
from kpis.query.query_service import KpiQueryService
from presentation.live_updates import limit_background_reloads, live_update_data
from presentation.page_query import query_service_of

A_PAGE = 25


@limit_background_reloads
@login_required
@require_safe
def alerts(request: HttpRequest) -> HttpResponse:
    seen = live_update_data()
    desk, user = query_service_of(request), cast("User", request.user)
    form = AlertFilterForm(request.GET, desk=desk, user=user)
    is_valid = form.is_valid()
    page = Paginator(form.rows(), A_PAGE).get_page(request.GET.get("page"))
    context = {
        "reader": desk.reader,
        "live": seen,
        "fields": fields(form),
        "errors": form.errors,
        "are_set": any(form.data.get(name) for name in form.fields),
        "counts": counts(desk.reader, user),
        "page": page,
        "cards": cards(page, desk),
        "kept": _kept(request),
    }
    return render(request, "alerts/alerts.html", context, status=200 if is_valid else 400)


@limit_background_reloads
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def alert(request: HttpRequest, pk: int) -> HttpResponse:
    seen = live_update_data()
    desk, user = query_service_of(request), cast("User", request.user)
    found = alert_of(desk.reader, pk)
    sent = _sent(request, desk, user, found)
    if sent and sent.perform():
        messages.success(request, sent.done)
        return HttpResponseRedirect(reverse("alerts:alert", args=[pk]))
    context = {
        "reader": desk.reader,
        "live": seen,
        "page": AlertPage(desk, alert_of(desk.reader, pk)),
        "forms": _forms(desk, user, found, sent),
        "refused": sent,
    }
    return render(request, "alerts/alert.html", context, status=400 if sent else 200)


def alert_of(reader: Reader, pk: int) -> Alert:
    """Http404 for one that the reader may not see, as for one that is not there."""
    found = in_order(Alert.objects.visible_to(reader)).filter(pk=pk).first()
    if found is None:
        raise Http404(f"There is no alert {pk} that you may see.")
    return found


def _sent(request: HttpRequest, desk: KpiQueryService, user: User, found: Alert) -> ActForm | None:
    """The form that was sent; None when the page is only read."""
    if request.method != "POST":
        return None
    act = request.POST.get("act", "")
    if act not in ACTS:
        raise Http404(f"There is no act “{act}”; there are {', '.join(ACTS)}.")
    return ACTS[act](request.POST, alert=found, user=user, now=desk.now)


def _forms(desk: KpiQueryService, user: User, found: Alert, sent: ActForm | None) -> list[ActForm]:
    """Those that are offered, with the one that was refused in its place."""
    return [
        sent if sent and sent.act == one.act else one(alert=found, user=user, now=desk.now)
        for one in ACTS.values()
        if one.is_offered(found)
    ]


def _kept(request: HttpRequest) -> str:
    """The filters as the links to other pages keep them."""
    query: Any = request.GET.copy()
    query.pop("page", None)
    return f"{query.urlencode()}&" if query else ""
