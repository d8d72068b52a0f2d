"""Refuse a bulk action on rows that are gone, that one may not see, or that are no rows at all."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.translation import gettext, ngettext

View = Callable[..., Any]


def with_checked_selection(view: View) -> View:
    """Let a list show a sentence, and change nothing, if a selection is stale or tampered with."""
    admin = getattr(view, "__self__", None)
    if not isinstance(admin, ModelAdmin) or getattr(view, "__name__", "") != "changelist_view":
        return view

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        is_action = "action" in request.POST and "_save" not in request.POST
        is_allowed = is_action and admin.has_view_or_change_permission(request)
        if is_allowed and (problem := _problem_of(admin, request)):
            admin.message_user(request, problem, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
        return view(request, *args, **kwargs)

    return checked


def _problem_of(admin: ModelAdmin[Any], request: HttpRequest) -> str:
    """Return what is wrong with the selected rows; empty if nothing is."""
    try:
        rows = admin.get_changelist_instance(request).get_queryset(request)
    except IncorrectLookupParameters:
        # the list itself says so
        return ""
    if request.POST.get("select_across", "0") not in ("", "0"):
        return "" if rows.exists() else gettext("No row is chosen. Nothing was changed.")
    selected = set(request.POST.getlist(ACTION_CHECKBOX_NAME))
    if not selected:
        return gettext("No row is chosen. Nothing was changed.")
    key = admin.opts.pk
    try:
        keys = {key.to_python(one) for one in selected}
        for one in keys:
            key.run_validators(one)
    except ValidationError:
        return gettext("The choice has an id that no row can have. Nothing was changed.")
    missing = len(keys) - rows.filter(pk__in=keys).count()
    if not missing:
        return ""
    return ngettext(
        "A row that you chose is no longer in this list. Nothing was changed. Choose again.",
        "%(count)s rows that you chose are no longer in this list. Nothing was changed. "
        "Choose again.",
        missing,
    ) % {"count": missing}
