"""The pages on which experiments are drafted."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from accounts.models import User
from experiments.models import Experiment
from experiments.pages.action_form import MAY_RUN
from experiments.pages.draft import Draft
from experiments.pages.views import experiment_of
from kpis.query.query_service import KpiQueryService
from presentation.page_query import query_service_of


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    service = _service(request)
    return _answer(request, service, None)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, key: str) -> HttpResponse:
    service = _service(request)
    found = experiment_of(service.reader, key)
    if not found.is_draft:
        raise Http404(gettext("Only a draft can be edited; its plan is locked."))
    return _answer(request, service, found)


def _service(request: HttpRequest) -> KpiQueryService:
    """PermissionDenied for readers who may not run experiments."""
    service = query_service_of(request)
    if not cast("User", request.user).has_perm(MAY_RUN):
        raise PermissionDenied(gettext("You may not run experiments."))
    return service


def _answer(
    request: HttpRequest, service: KpiQueryService, experiment: Experiment | None
) -> HttpResponse:
    is_sent = request.method == "POST"
    draft = Draft(
        experiment,
        request.POST if is_sent else None,
        reader=service.reader,
        user=cast("User", request.user),
        now=service.now,
    )
    if is_sent and request.POST.get("act") == "check":
        draft.check()
    elif is_sent:
        saved = draft.save()
        if saved:
            messages.success(request, gettext("The draft was saved."))
            return HttpResponseRedirect(reverse("experiment_pages:experiment", args=[saved.key]))
    else:
        draft.assess()
    context = {"reader": service.reader, "draft": draft, "experiment": experiment}
    status = 400 if is_sent and draft.has_errors else 200
    return render(request, "experiments/draft.html", context, status=status)
