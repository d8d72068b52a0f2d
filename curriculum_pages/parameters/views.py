"""The list of parameters, and the page of one with its history and its forms."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from core.cacheable import cacheable
from curriculum.models import ParameterChange
from curriculum.parameters import UnknownParameterError, definition_of
from curriculum_pages import place_filters
from curriculum_pages.parameter_rows import is_visible
from curriculum_pages.parameters.add_form import MAY_ADD, AddParameterForm
from curriculum_pages.parameters.forms import RevertForm, SetValueForm
from curriculum_pages.parameters.parameter_list import ParameterList
from curriculum_pages.parameters.parameter_page import (
    ParameterPage,
    propose_form,
    set_value_form,
)
from curriculum_pages.parameters.propose_form import ProposeForm
from presentation.page_query import query_service_of

# larger than any id
MAX_DIGITS = 18


@cacheable
@login_required
@require_safe
def parameters(request: HttpRequest) -> HttpResponse:
    service = query_service_of(request)
    filters = place_filters.read(request.GET.dict(), reader=service.reader, now=service.now)
    context = {
        "reader": service.reader,
        "filters": filters,
        "page": ParameterList(filters, service),
    }
    status = 400 if filters.errors else 200
    return render(request, "curriculum_pages/parameters.html", context, status=status)


@cacheable
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def parameter(request: HttpRequest, key: str) -> HttpResponse:
    page = _page(request, key)
    if request.method == "POST":
        form, done = _sent(page, request)
        if form.perform():
            messages.success(request, done)
            return HttpResponseRedirect(page.url)
        # the failed attempt may have read values that are outdated by now
        page = _page(request, key)
        page.sent = form
    context = {"reader": page.reader, "filters": page.filters, "page": page}
    status = 400 if page.sent or page.filters.errors else 200
    return render(request, "curriculum_pages/parameter.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def add_parameter(request: HttpRequest) -> HttpResponse:
    service, user = query_service_of(request), cast("User", request.user)
    if not user.has_perm(MAY_ADD):
        raise PermissionDenied(gettext("You may not add parameters."))
    form = AddParameterForm(request.POST if request.method == "POST" else None, user=user)
    if form.is_bound and (added := form.perform()):
        messages.success(request, gettext("The parameter was added."))
        return HttpResponseRedirect(reverse("curriculum_pages:parameter", args=[added.key]))
    context = {"reader": service.reader, "form": form}
    status = 400 if form.is_bound else 200
    return render(request, "curriculum_pages/add_parameter.html", context, status=status)


def _page(request: HttpRequest, key: str) -> ParameterPage:
    """Http404 for an unknown parameter."""
    service = query_service_of(request)
    try:
        definition = definition_of(key)
    except UnknownParameterError:
        raise Http404(gettext("Unknown parameter “%(key)s”.") % {"key": key}) from None
    return ParameterPage(
        definition,
        place_filters.read(request.GET.dict(), reader=service.reader, now=service.now),
        service,
        cast("User", request.user),
        request.GET.get("page", ""),
    )


def _sent(
    page: ParameterPage, request: HttpRequest
) -> tuple[SetValueForm | RevertForm | ProposeForm, str]:
    """Return the submitted form, and the message once it is done."""
    action, data = request.POST.get("act", ""), request.POST
    if action == "propose" and page.may_propose and not page.filters.errors:
        return propose_form(page, data), gettext("The change was proposed.")
    if not page.may_change:
        raise PermissionDenied(gettext("You may not change parameters."))
    if action == "set" and not page.filters.errors:
        return set_value_form(page, data), gettext("The value was changed.")
    if action == "revert":
        return _revert_form(page, data), gettext("The change was reverted.")
    raise Http404(gettext("Unknown action “%(action)s”.") % {"action": action})


def _revert_form(page: ParameterPage, data: Any) -> RevertForm:
    pk = data.get("change", "")
    is_number = pk.isdecimal() and len(pk) <= MAX_DIGITS
    changes = ParameterChange.objects.filter(
        is_visible(page.reader, "parameter__"), parameter__key=page.definition.key
    )
    change = changes.filter(pk=pk).first() if is_number else None
    if change is None:
        raise Http404(gettext("Unknown change “%(pk)s”.") % {"pk": pk})
    return RevertForm(data, change=change, user=page.user)
