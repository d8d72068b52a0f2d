"""The list of experiments, the page of one, its raw results and the power calculator."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.audit import Action, record
from accounts.models import User
from accounts.reader import Reader
from core.cacheable import cacheable
from experiments.disclosure import disclosure_of
from experiments.models import Experiment, ForcedVariant
from experiments.pages.action_form import MAY_RUN, ActionForm
from experiments.pages.experiment_list import cards
from experiments.pages.experiment_page import ExperimentPage
from experiments.pages.forms import ACTIONS, DeleteForm
from experiments.pages.power_form import PowerForm
from experiments.result_rows import COLUMNS, csv_rows
from kpis.api.csv_response import csv_response
from kpis.query.query_service import KpiQueryService
from presentation.figures import hidden_note
from presentation.page_query import query_service_of

PAGE_SIZE = 25


@cacheable
@login_required
@require_safe
def experiments(request: HttpRequest) -> HttpResponse:
    service, user = query_service_of(request), cast("User", request.user)
    state = request.GET.get("state", "")
    rows = Experiment.objects.visible_to(service.reader)
    is_known = state in Experiment.State.values
    if is_known:
        rows = rows.filter(state=state)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "reader": service.reader,
        "states": Experiment.State.choices,
        "state": state if is_known else "",
        "page": page,
        "cards": cards(page, service.reader),
        "filter_query": f"state={state}&" if is_known else "",
        "may_run": user.has_perm(MAY_RUN),
    }
    return render(request, "experiments/experiments.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def experiment(request: HttpRequest, key: str) -> HttpResponse:
    service, user = query_service_of(request), cast("User", request.user)
    found = experiment_of(service.reader, key)
    sent = _sent(request, found, service) if request.method == "POST" else None
    if sent and sent.perform():
        messages.success(request, str(sent.done))
        if isinstance(sent, DeleteForm):
            return HttpResponseRedirect(reverse("experiment_pages:experiments"))
        return HttpResponseRedirect(reverse("experiment_pages:experiment", args=[key]))
    # somebody else may have decided meanwhile
    page = ExperimentPage(experiment_of(service.reader, key), service, user, sent)
    record(request, Action.VIEWED, about=ForcedVariant, count=len(page.forced))
    context = {"reader": service.reader, "page": page}
    return render(request, "experiments/experiment.html", context, status=400 if sent else 200)


def experiment_of(reader: Reader, key: str) -> Experiment:
    """Http404 for one that does not exist or that the reader may not see."""
    found = Experiment.objects.visible_to(reader).filter(key=key).first()
    if found is None:
        raise Http404(gettext("Unknown experiment %(key)s.") % {"key": key})
    return found


def _sent(request: HttpRequest, found: Experiment, service: KpiQueryService) -> ActionForm:
    user = cast("User", request.user)
    if not user.has_perm(MAY_RUN):
        raise PermissionDenied(gettext("You may not run experiments."))
    action = request.POST.get("act", "")
    if action not in ACTIONS:
        raise Http404(gettext("Unknown action “%(action)s”.") % {"action": action})
    return ACTIONS[action](request.POST, experiment=found, user=user, now=service.now)


@login_required
@require_safe
def results_csv(request: HttpRequest, key: str) -> HttpResponse:
    """The latest results with their raw sums, as by the API; refused where all are hidden."""
    service = query_service_of(request)
    analyses = experiment_of(service.reader, key).analyses
    last = analyses.prefetch_related("results__variant").first()
    if last is None:
        raise Http404(gettext("There is no result yet."))
    disclosure = disclosure_of([last], sees_small_groups=service.reader.sees_small_groups)
    if disclosure.hides(last):
        raise PermissionDenied(hidden_note())
    return csv_response(csv_rows(last, disclosure), f"{key}.csv", COLUMNS)


@login_required
@require_safe
def power(request: HttpRequest) -> HttpResponse:
    service = query_service_of(request)
    is_asked = "kpi" in request.GET
    form = PowerForm(request.GET if is_asked else None, reader=service.reader, now=service.now)
    rows = form.rows() if is_asked and form.is_valid() else []
    context = {"reader": service.reader, "form": form, "rows": rows}
    status = 400 if form.errors else 200
    return render(request, "experiments/power.html", context, status=status)
