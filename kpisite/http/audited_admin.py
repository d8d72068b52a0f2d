"""Record who looks at people's rows in the admin: in lists, forms, histories and choices."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from django.apps import apps
from django.contrib.admin.options import InlineModelAdmin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from accounts.audit import Action, record
from core.personal_data import PERSONAL_DATA


class AuditedAdmin:
    """Record each response of the admin that shows rows of people.

    Which models these are, the apps declare in `personal_data.py`, so that no page is forgotten.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        match = request.resolver_match
        if match and match.view_name == "admin:autocomplete" and response.status_code == 200:
            _record_choices(request, response)
        return response

    def process_template_response(
        self, request: HttpRequest, response: TemplateResponse
    ) -> TemplateResponse:
        context = response.context_data or {}
        if request.resolver_match and request.resolver_match.app_name == "admin":
            _record_list(request, context.get("cl"))
            _record_row(request, context)
            # what an action asks about, before it is confirmed
            _record_chosen(request, context.get("chosen") or context.get("queryset") or ())
        return response


def _record_list(request: HttpRequest, shown: ChangeList | None) -> None:
    if shown is not None and is_about_people(shown.model):
        record(request, Action.VIEWED, about=shown.model, count=len(shown.result_list))


def _record_row(request: HttpRequest, context: dict[str, Any]) -> None:
    """Record the row of a form, history or question, and the rows listed below it."""
    row = context.get("original") or context.get("object")
    if isinstance(row, Model) and is_about_people(type(row)):
        record(request, Action.VIEWED, about=type(row), row=row.pk)
    for one in context.get("inline_admin_formsets", ()):
        options: InlineModelAdmin[Any, Any] = one.opts
        if is_about_people(options.model):
            count = len(one.formset.initial_forms)
            record(request, Action.VIEWED, about=options.model, count=count)


def _record_chosen(request: HttpRequest, chosen: Iterable[object]) -> None:
    models = Counter(type(one) for one in chosen if isinstance(one, Model))
    for model, count in models.items():
        if is_about_people(model):
            record(request, Action.VIEWED, about=model, count=count)


def _record_choices(request: HttpRequest, response: HttpResponse) -> None:
    field = apps.get_model(request.GET["app_label"], request.GET["model_name"])._meta.get_field(
        request.GET["field_name"]
    )
    model = field.remote_field.model
    if is_about_people(model):
        shown = json.loads(response.content)["results"]
        record(request, Action.VIEWED, about=model, count=len(shown))


def is_about_people(model: type[Model]) -> bool:
    return model._meta.concrete_model._meta.label in PERSONAL_DATA  # type: ignore[union-attr]
