"""The timeline of adjustments, and the page of one with its decisions."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.reader import Reader
from core.cacheable import cacheable
from curriculum_pages.adjustments import filters
from curriculum_pages.adjustments.adjustment_page import AdjustmentPage
from curriculum_pages.adjustments.cards import visible_to
from curriculum_pages.adjustments.forms import DECISIONS, MAY_DECIDE, DecisionForm
from curriculum_pages.adjustments.timeline import Timeline
from improvement.models import Adjustment
from kpis.query.query_service import KpiQueryService
from presentation.page_query import query_service_of


@cacheable
@login_required
@require_safe
def adjustments(request: HttpRequest) -> HttpResponse:
    service, user = query_service_of(request), cast("User", request.user)
    chosen = filters.read(request.GET.dict(), reader=service.reader, now=service.now)
    context = {
        "reader": service.reader,
        "filters": chosen,
        "timeline": Timeline(chosen, service, user, request.GET.get("page", "")),
    }
    status = 400 if chosen.errors else 200
    return render(request, "curriculum_pages/adjustments.html", context, status=status)


@cacheable
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def adjustment(request: HttpRequest, pk: int) -> HttpResponse:
    service, user = query_service_of(request), cast("User", request.user)
    found = adjustment_of(service.reader, pk)
    sent = _sent(request, found, service) if request.method == "POST" else None
    if sent and sent.perform():
        messages.success(request, str(sent.done))
        return HttpResponseRedirect(reverse("curriculum_pages:adjustment", args=[pk]))
    # somebody else may have decided meanwhile
    page = AdjustmentPage(service, adjustment_of(service.reader, pk), user, sent)
    context = {"reader": service.reader, "page": page}
    return render(request, "curriculum_pages/adjustment.html", context, status=400 if sent else 200)


def adjustment_of(reader: Reader, pk: int) -> Adjustment:
    """Http404 for one that does not exist or that the reader may not see."""
    found = visible_to(reader).filter(pk=pk).first()
    if found is None:
        raise Http404(gettext("Unknown adjustment %(pk)s.") % {"pk": pk})
    return found


def _sent(request: HttpRequest, found: Adjustment, service: KpiQueryService) -> DecisionForm:
    user = cast("User", request.user)
    if not user.has_perm(MAY_DECIDE):
        raise PermissionDenied(gettext("You may not decide on adjustments."))
    action = request.POST.get("act", "")
    if action not in DECISIONS:
        raise Http404(gettext("Unknown action “%(action)s”.") % {"action": action})
    return DECISIONS[action](request.POST, adjustment=found, user=user, now=service.now)
