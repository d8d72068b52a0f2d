"""The admin's page that corrects a rejected event in a form."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext, ngettext

from core import localized
from core.admin.confirmation import log_changes
from intake.events.batch import EventOutcome
from intake.models import RejectedEvent
from intake.rejected import correct, payloads
from intake.rejected.correct import CorrectionRefused
from intake.rejected.forms import EventForm, has_form

PAGE = "admin:intake_rejectedevent_correct"
RAW = "raw"


class CorrectionPages(admin.ModelAdmin):  # type: ignore[type-arg]
    """Adds the page, to which the link of an open event leads if its kind has a form."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.correct_event)
        name = PAGE.partition(":")[2]
        return [path("<int:pk>/correct/", view, name=name), *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        can_correct = bool(row and self._can_correct(request, row))
        if can_correct and request.method == "GET" and not request.GET:
            return HttpResponseRedirect(reverse(PAGE, args=[object_id]))
        seen = payloads.digest_of(row.payload) if row else ""
        if request.POST.get("seen", seen) != seen:
            messages.error(request, correct.changed_meanwhile())
            return HttpResponseRedirect(request.get_full_path())
        context = {**(extra_context or {}), "can_correct": can_correct, "seen": seen}
        return super().change_view(request, object_id, form_url, context)

    def _can_correct(self, request: HttpRequest, row: RejectedEvent) -> bool:
        may = self.has_change_permission(request, row)
        return may and row.resolved_at is None and has_form(row)

    def correct_event(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = get_object_or_404(RejectedEvent, pk=pk)
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        if not self._can_correct(request, row):
            return HttpResponseRedirect(_as_json(row))
        if request.method != "POST":
            return self._correction_page(request, row, EventForm(row=row))
        try:
            # first, since what was chosen may be no choice of the event as it is now
            correct.check_unchanged(row, request.POST.get("seen", ""))
            form = EventForm(request.POST, row=row)
            if form.is_valid():
                return self._store(request, row, form)
        except CorrectionRefused as refused:
            messages.error(request, str(refused))
            return HttpResponseRedirect(request.path)
        return self._correction_page(request, row, form)

    def _store(self, request: HttpRequest, row: RejectedEvent, form: EventForm) -> HttpResponse:
        others = correct.alike(row) if "alike" in request.POST else []
        row = correct.save(row, form.corrected, seen=request.POST.get("seen", ""))
        fault = tuple(row.field.split("."))
        same = {path: value for path, value in form.changes.items() if path == fault}
        rows = [row, *(correct.save_alike(others, same) if same else [])]
        log_changes(request, rows, gettext("Corrected in the form."))
        if "_replay" not in request.POST:
            messages.success(request, _saved_text(len(rows)))
            return HttpResponseRedirect(request.path)
        _report(request, correct.replay(rows))
        if row.resolved_at:
            return HttpResponseRedirect(_list_of_open())
        return HttpResponseRedirect(request.path)

    def _correction_page(
        self, request: HttpRequest, row: RejectedEvent, form: EventForm
    ) -> HttpResponse:
        form.show_rejection(row)
        alike = correct.alike(row)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": gettext("Correct an event"),
            # by this name, it is recorded who saw it
            "original": row,
            "form": form,
            "seen": request.POST.get("seen") or payloads.digest_of(row.payload),
            "alike": len(alike),
            "value": payloads.text_at(form.payload, tuple(row.field.split("."))),
            "as_json": _as_json(row),
        }
        return TemplateResponse(request, "admin/intake/rejectedevent/correct.html", context)


def _as_json(row: RejectedEvent) -> str:
    return f"{reverse('admin:intake_rejectedevent_change', args=[row.pk])}?{RAW}=1"


def _list_of_open() -> str:
    return f"{reverse('admin:intake_rejectedevent_changelist')}?resolved_at__isempty=1"


def _saved_text(count: int) -> str:
    return ngettext(
        "%(count)s event was corrected. Replay it to accept it.",
        "%(count)s events were corrected. Replay them to accept them.",
        count,
    ) % {"count": localized.number(count)}


def _report(request: HttpRequest, outcomes: list[EventOutcome]) -> None:
    rejected = [one for one in outcomes if one.is_rejected]
    if accepted := len(outcomes) - len(rejected):
        text = ngettext(
            "%(count)s event was accepted.", "%(count)s events were accepted.", accepted
        )
        messages.success(request, text % {"count": localized.number(accepted)})
    if rejected:
        text = ngettext(
            "%(count)s event was rejected again: %(reason)s",
            "%(count)s events were rejected again, the first one because: %(reason)s",
            len(rejected),
        )
        count = localized.number(len(rejected))
        messages.error(request, text % {"count": count, "reason": rejected[0].reason})
