"""Ask before an action of the admin changes many rows, and log what it changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

# more are counted
LISTED = 100


def ask(
    admin: ModelAdmin[Any],
    request: HttpRequest,
    rows: Iterable[Model],
    *,
    title: str,
    consequence: str,
    form: forms.Form | None = None,
) -> HttpResponse | None:
    """Return a page that asks for confirmation; None once the visitor has confirmed.

    `title` is also the button's text; `consequence` says what happens then. An invalid form is
    shown again.
    """
    if "confirmed" in request.POST and (form is None or form.is_valid()):
        return None
    chosen = list(rows)
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": title,
        "consequence": consequence,
        "chosen": chosen[:LISTED],
        "more": len(chosen) - LISTED,
        "form": form,
        # of a page of its own, such as that of one row, the address says the action
        "action": request.POST.get("action"),
        "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
        "media": admin.media + form.media if form else admin.media,
    }
    return TemplateResponse(request, "admin/confirm.html", context)


def log_changes(request: HttpRequest, rows: Iterable[Model], message: str) -> None:
    """Add a line to the history of each row."""
    LogEntry.objects.log_actions(request.user.pk, list(rows), CHANGE, message)  # type: ignore[arg-type]
