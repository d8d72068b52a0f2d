from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy, ngettext

from core import localized
from core.admin.confirmation import confirmed
from core.admin.recent_values import RecentValuesFilter
from core.admin.view_only import ReadOnlyAdmin
from core.admin.work_queue import add_to_work_queue
from intake.csv.pages import may_import
from intake.event_kinds import KINDS
from intake.events.batch import DUPLICATE
from intake.files.wizard.pages import FileImportPages
from intake.models import Event, FileMapping, ImportRun, RejectedEvent
from intake.rejected.pages import CorrectionPages
from intake.replay import replay_rejected
from intake.undo_import import UndoError, undo_import


class KindFilter(admin.SimpleListFilter):
    """Filter by the declared kinds, which needs no query for the kinds in the table."""

    title = gettext_lazy("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in sorted(KINDS)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Event)
class EventAdmin(FileImportPages, ReadOnlyAdmin):
    """Stored events, read-only; senders correct or retract their events themselves."""

    list_display = (
        "occurred_at", "kind", "learner", "course_key", "run_key", "module_key",
        "object", "value", "sender", "is_mapped", "received_at",
    )  # fmt: skip
    list_filter = (
        *(KindFilter, "is_mapped", ("sender", RecentValuesFilter), "received_at", "course"),
    )
    search_fields = ("key__exact", "learner__exact", "object__exact")
    show_full_result_count = False
    readonly_fields = ("verbatim",)
    fields = (
        ("sender", "key"),
        ("kind", "is_mapped"),
        ("occurred_at", "received_at"),
        ("learner", "course_key", "run_key", "module_key"),
        ("object", "value"),
        "verbatim",
        ("course", "enrollment", "module"),
    )

    @admin.display(description=gettext_lazy("data"))
    def verbatim(self, event: Event) -> SafeString:
        text = json.dumps(event.data, indent=2, ensure_ascii=False)
        return render_to_string("admin/intake/_verbatim.html", {"text": text})


class CorrectionForm(forms.ModelForm):
    class Meta:
        model = RejectedEvent
        fields = ("payload",)

    def clean_payload(self) -> str:
        payload: str = self.cleaned_data["payload"]
        try:
            json.loads(payload)
        except ValueError as error:
            message = gettext("This is not valid JSON: %(error)s.")
            raise ValidationError(message % {"error": error}) from error
        return payload


@admin.register(RejectedEvent)
class RejectedEventAdmin(CorrectionPages):
    form = CorrectionForm
    list_display = ("__str__", "code", "field", "sender", "received_at", "resolved_at")
    list_filter = (
        ("resolved_at", admin.EmptyFieldListFilter), "code", "kind", ("sender", RecentValuesFilter),
        "received_at",
    )  # fmt: skip
    date_hierarchy = "received_at"
    search_fields = ("key", "kind", "reason", "payload")
    actions = ("replay_selected",)
    readonly_fields = ("sender", "key", "kind", "code", "reason", "field", "received_at")
    fields = (
        ("sender", "key", "kind"),
        ("code", "field"),
        "reason",
        "payload",
        ("received_at", "resolved_at"),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: RejectedEvent | None = None) -> Any:
        resolved = ("payload",) if obj and obj.resolved_at else ()
        return (*self.readonly_fields, "resolved_at", *resolved)

    def save_model(
        self, request: HttpRequest, obj: RejectedEvent, form: forms.ModelForm, change: bool
    ) -> None:
        """Keep the event as it was sent beside its correction."""
        if "payload" in form.changed_data and not obj.original:
            obj.original = form.initial["payload"]
        super().save_model(request, obj, form, change)

    def response_change(self, request: HttpRequest, obj: RejectedEvent) -> HttpResponse:
        if "_replay" not in request.POST:
            return super().response_change(request, obj)
        self._replay(request, obj)
        return HttpResponseRedirect(request.path)

    @admin.action(description=gettext_lazy("Replay the selected events"), permissions=["change"])
    @confirmed(
        title=gettext_lazy("Replay"),
        consequence=gettext_lazy(
            "These events are received again, with the sender's present rights."
        ),
    )
    def replay_selected(
        self, request: HttpRequest, rows: QuerySet[RejectedEvent]
    ) -> list[RejectedEvent]:
        return [row for row in rows.order_by("pk") if self._replay(request, row)]

    def _replay(self, request: HttpRequest, row: RejectedEvent) -> bool:
        """Return whether the event is stored now, and was not before."""
        values = {"event": f"{row.kind} {row.key}".strip()}
        if row.resolved_at:
            message = gettext("%(event)s was already accepted.")
            self.message_user(request, message % values, messages.WARNING)
            return False
        outcome = replay_rejected(row)
        if outcome.is_rejected:
            message = gettext("%(event)s was rejected again: %(reason)s")
            values["reason"] = outcome.reason
            self.message_user(request, message % values, messages.ERROR)
        elif outcome.status == DUPLICATE:
            message = gettext("%(event)s is a duplicate of a stored event.")
            self.message_user(request, message % values, messages.SUCCESS)
        else:
            message = gettext("%(event)s was accepted.")
            self.message_user(request, message % values, messages.SUCCESS)
        return not outcome.is_rejected


@admin.register(FileMapping)
class FileMappingAdmin(admin.ModelAdmin):
    """Answers saved by the import wizard or the command, which add them."""

    list_display = ("name", "shape", "sender", "saved_by")
    list_filter = ("shape",)
    list_select_related = ("saved_by",)
    search_fields = ("name",)
    readonly_fields = ("shape", "saved_by")
    fields = ("name", ("shape", "sender"), "answers", "saved_by")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin):
    list_display = ("source", "kind", "status", "started_at", "finished_at", "started_by", "error")
    list_filter = ("status", "kind")
    list_select_related = ("started_by",)
    date_hierarchy = "started_at"
    search_fields = ("source", "digest", "error")
    readonly_fields = ("steps",)
    actions = ("undo_selected",)
    fields = (
        ("source", "kind", "digest"),
        ("status", "started_by", "started_at", "finished_at"),
        "error",
        "steps",
    )

    def has_import_permission(self, request: HttpRequest) -> bool:
        return may_import(request)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        run = self.get_object(request, object_id) if object_id else None
        can_undo = bool(run and run.can_be_undone and may_import(request))
        context = {**(extra_context or {}), "can_undo": can_undo}
        return super().changeform_view(request, object_id, form_url, context)

    @admin.action(description=gettext_lazy("Undo the selected imports"), permissions=["import"])
    def undo_selected(
        self, request: HttpRequest, runs: QuerySet[ImportRun]
    ) -> TemplateResponse | None:
        """Ask for confirmation, then undo the imports, the latest first."""
        if "confirmed" not in request.POST:
            context = {
                **self.admin_site.each_context(request),
                "title": gettext("Undo imports"),
                "runs": runs,
            }
            return TemplateResponse(request, "admin/intake/importrun/undo.html", context)
        for run in runs.order_by("-pk"):
            try:
                gone = undo_import(run.pk)
            except UndoError as error:
                self.message_user(request, str(error), messages.ERROR)
            else:
                message = ngettext(
                    "%(import)s was undone: %(count)s event was deleted.",
                    "%(import)s was undone: %(count)s events were deleted.",
                    gone,
                )
                count = localized.number(gone)
                self.message_user(request, message % {"import": run, "count": count})
        return None

    @admin.display(description=gettext_lazy("report"))
    def steps(self, run: ImportRun) -> SafeString:
        return render_to_string("admin/intake/importrun/report.html", {"report": run.report})


add_to_work_queue(
    gettext_lazy("Rejected events to correct"),
    lambda: RejectedEvent.objects.filter(resolved_at=None),
    "intake.change_rejectedevent",
    page="admin:intake_rejectedevent_changelist",
    query="resolved_at__isempty=1",
)
