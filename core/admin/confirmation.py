"""Ask before an action of the admin changes many rows, and log what it changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django import forms
from django.contrib.admin import ModelAdmin
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext

from core.lazy_text import LazyText

# more are counted
LISTED = 100


Action = Callable[[Any, HttpRequest, Any], HttpResponse | None]


def confirmed(*, title: LazyText, consequence: LazyText) -> Callable[[Action], Action]:
    """Make an action of the admin ask first, and add it to the history of each row."""

    def wrap(action: Action) -> Action:
        @wraps(action)
        def run(admin: Any, request: HttpRequest, rows: Any) -> HttpResponse | None:
            asked = ask(admin, request, rows, title=str(title), consequence=str(consequence))
            if asked:
                return asked
            # afterwards, they may no longer be there
            chosen = list(rows)
            answer = action(admin, request, rows)
            log_changes(request, chosen, gettext("Action: %(title)s.") % {"title": title})
            return answer

        return run

    return wrap


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
        # the action with its fields; those of a form are shown with it
        "sent": [] if form else _sent(request),
        "media": admin.media + form.media if form else admin.media,
    }
    return TemplateResponse(request, "admin/confirm.html", context)


def _sent(request: HttpRequest) -> list[tuple[str, str]]:
    return [
        (name, value)
        for name, values in request.POST.lists()
        if name not in ("csrfmiddlewaretoken", "confirmed")
        for value in values
    ]


def log_changes(request: HttpRequest, rows: Iterable[Model], message: str) -> None:
    """Add a line to the history of each row."""
    LogEntry.objects.log_actions(request.user.pk, list(rows), CHANGE, message)  # type: ignore[arg-type]
