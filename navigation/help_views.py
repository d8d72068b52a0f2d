"""Help inside the product: the definitions of the KPIs, the guides, and what is new."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.reader import Reader
from navigation import guides
from navigation.kpi_definitions import definitions


@login_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    reader = Reader.of(request.user)
    is_staff = isinstance(request.user, User) and request.user.is_staff
    sections = guides.sections(reads_kpis=reader.reads_kpis, is_staff=is_staff)
    return render(request, "navigation/help.html", {"reader": reader, "sections": sections})


@login_required
@require_safe
def kpis(request: HttpRequest) -> HttpResponse:
    return render(request, "navigation/kpis.html", {"categories": definitions()})


@login_required
@require_safe
def guide(request: HttpRequest, name: str) -> HttpResponse:
    found = guides.guides().get(name)
    if found is None:
        raise Http404(f"Unknown guide {name}")  # not translated: not shown
    return render(request, "navigation/guide.html", {"document": found.document})


@login_required
@require_safe
def whats_new(request: HttpRequest) -> HttpResponse:
    return render(request, "navigation/whats_new.html", {"document": guides.what_is_new()})
