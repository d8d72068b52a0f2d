"""The timeline of adjustments."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from curriculum.models import Parameter
from curriculum_pages import place_filters
from curriculum_pages.parameters.history import HistoryEntry
from curriculum_pages.parameters.own_values import changes_for
from presentation.page_query import query_service_of


@login_required
@require_safe
def adjustments(request: HttpRequest) -> HttpResponse:
    service = query_service_of(request)
    filters = place_filters.read(request.GET.dict(), reader=service.reader, now=service.now)
    changes = changes_for(service.reader, filters.place)
    context = {
        "reader": service.reader,
        "filters": filters,
        "history": [
            HistoryEntry(one) for one in changes.filter(parameter__role=Parameter.Role.CURRICULUM)
        ],
    }
    status = 400 if filters.errors else 200
    return render(request, "curriculum_pages/adjustments.html", context, status=status)
