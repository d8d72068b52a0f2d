"""The list of parameters, and the page of one with its history."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from curriculum.parameters import DECLARED
from curriculum_pages import place_filters
from curriculum_pages.parameters.parameter_list import ParameterList
from curriculum_pages.parameters.parameter_page import ParameterPage
from presentation.page_query import query_service_of


@login_required
@require_safe
def parameters(request: HttpRequest) -> HttpResponse:
    service = query_service_of(request)
    filters = place_filters.read(request.GET.dict(), reader=service.reader, now=service.now)
    context = {
        "reader": service.reader,
        "filters": filters,
        "page": ParameterList(filters, service.now),
    }
    status = 400 if filters.errors else 200
    return render(request, "curriculum_pages/parameters.html", context, status=status)


@login_required
@require_safe
def parameter(request: HttpRequest, key: str) -> HttpResponse:
    service = query_service_of(request)
    definition = DECLARED.get(key)
    if definition is None:
        raise Http404(gettext("Unknown parameter “%(key)s”.") % {"key": key})
    filters = place_filters.read(request.GET.dict(), reader=service.reader, now=service.now)
    context = {
        "reader": service.reader,
        "filters": filters,
        "page": ParameterPage(definition, filters, service.reader, service.now),
    }
    status = 400 if filters.errors else 200
    return render(request, "curriculum_pages/parameter.html", context, status=status)
