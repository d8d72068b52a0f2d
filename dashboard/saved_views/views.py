"""The list of saved views, and what one does with them."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from accounts.admin.users import acting_user
from core.post_only import post_only
from dashboard.models import SavedView
from dashboard.saved_views import opening, saving
from presentation.categories import CATEGORIES
from presentation.filters import read as read_filters
from presentation.page_query import query_service_of

Act = Callable[[SavedView, HttpRequest], object]
ACTS: dict[str, Act] = {
    "rename": lambda view, request: saving.rename(view, request.POST.get("name", "")),
    "default": lambda view, request: saving.set_default(view, is_default=True),
    "no-default": lambda view, request: saving.set_default(view, is_default=False),
    "share": lambda view, request: saving.share(view, is_shared=True),
    "unshare": lambda view, request: saving.share(view, is_shared=False),
    "delete": lambda view, request: view.delete(),
}


@require_GET
@login_required
def saved_views(request: HttpRequest) -> HttpResponse:
    reader, user = query_service_of(request).reader, acting_user(request)
    found = list(opening.views_for(user)[: saving.MOST_VIEWS + opening.MOST_SHARED])
    views = opening.visible(found, user, reader)
    context = {
        "reader": reader,
        "mine": [one for one in views if one.owner_id == user.pk],
        "others": [one for one in views if one.owner_id != user.pk],
        "host": f"{request.scheme}://{request.get_host()}",
    }
    return render(request, "dashboard/views/list.html", context)


@post_only("dashboard:saved-views")
@login_required
def save_view(request: HttpRequest) -> HttpResponse:
    """Save the valid filters of the page that the form is on, and show the page again."""
    service = query_service_of(request)
    tab = request.POST.get("tab", "")
    if tab not in CATEGORIES:
        return HttpResponse(gettext("Unknown tab."), status=400, content_type="text/plain")
    filters = read_filters(request.POST.dict(), reader=service.reader, now=service.now)
    try:
        view = saving.save(
            acting_user(request), request.POST.get("name", ""), tab=tab, filters=filters.chosen
        )
    except saving.ViewError as refusal:
        messages.error(request, str(refusal))
        return redirect(reverse("dashboard:dashboard") + filters.query_string(tab=tab))
    messages.success(request, gettext("The view “%(name)s” is saved.") % {"name": view.name})
    return redirect(opening.url_of(view))


@require_GET
@login_required
def open_saved_view(request: HttpRequest, pk: int) -> HttpResponse:
    service = query_service_of(request)
    view = get_object_or_404(opening.views_for(acting_user(request)), pk=pk)
    return opened(request, opening.open_view(view, service.reader, service.now))


def opened(request: HttpRequest, found: opening.OpenedView) -> HttpResponse:
    if found.note:
        messages.warning(request, found.note)
    return redirect(found.url)


@post_only("dashboard:saved-views")
@login_required
def change_view(request: HttpRequest, pk: int) -> HttpResponse:
    query_service_of(request)
    view = get_object_or_404(SavedView, pk=pk, owner=acting_user(request))
    act = ACTS.get(request.POST.get("act", ""))
    if act is None:
        return HttpResponse(gettext("Unknown action."), status=400, content_type="text/plain")
    try:
        act(view, request)
    except saving.ViewError as refusal:
        messages.error(request, str(refusal))
    return redirect("dashboard:saved-views")
