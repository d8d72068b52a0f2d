"""Ask before an action of the admin changes many rows, and log what it changed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
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


Action = Callable[[Any, HttpRequest, Any], Collection[Model]]
AdminAction = Callable[[Any, HttpRequest, Any], HttpResponse | None]


def confirmed(*, title: LazyText, consequence: LazyText) -> Callable[[Action], AdminAction]:
    """Make an action of the admin ask first, and add it to the history of each changed row.

    The action returns the rows that it changed: those that it refused get no history.
    """

    def wrap(action: Action) -> AdminAction:
        @wraps(action)
        def run(admin: Any, request: HttpRequest, rows: Any) -> HttpResponse | None:
            asked = ask(admin, request, rows, title=str(title), consequence=str(consequence))
            if asked:
                return asked
            changed = action(admin, request, rows)
            log_changes(request, changed, gettext("Action: %(title)s.") % {"title": title})
            return None

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
    # the action with its fields; those of a form are shown with it
    sent = [] if form else sent_fields(request)
    return page(admin, request, list(rows), sent, title=title, consequence=consequence, form=form)


def page(
    admin: ModelAdmin[Any],
    request: HttpRequest,
    listed: Sequence[object],
    sent: Sequence[tuple[str, str]],
    *,
    title: str,
    consequence: str,
    form: forms.Form | None = None,
) -> HttpResponse:
    """Return a page with a list and a button, which posts these fields and those of the form."""
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": title,
        "consequence": consequence,
        "chosen": listed[:LISTED],
        "more": len(listed) - LISTED,
        "form": form,
        "sent": sent,
        "media": admin.media + form.media if form else admin.media,
    }
    return TemplateResponse(request, "admin/confirm.html", context)


def sent_fields(request: HttpRequest) -> list[tuple[str, str]]:
    return [
        (name, value)
        for name, values in request.POST.lists()
        if name not in ("csrfmiddlewaretoken", "confirmed")
        for value in values
    ]


def log_changes(request: HttpRequest, rows: Iterable[Model], message: str) -> None:
    """Add a line to the history of each row."""
    LogEntry.objects.log_actions(request.user.pk, list(rows), CHANGE, message)  # type: ignore[arg-type]
