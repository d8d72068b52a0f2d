"""The CSV import in the admin: the pages, links to them, and a template for each event kind."""

from __future__ import annotations

import csv
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.views.decorators.http import require_POST
from import_export.admin import ImportMixin

from intake.csv.columns import Columns
from intake.csv.forms import EventConfirmForm, EventImportForm, FileOptionsForm
from intake.csv.resource import EventCsv, EventResource, EventResult, StoredUpload
from intake.event_kinds import KINDS

PERMISSION = "intake.import_event"


def may_import(request: HttpRequest) -> bool:
    return request.user.has_perm(PERMISSION)


class CsvImportMixin(admin.ModelAdmin):  # type: ignore[type-arg]
    """An admin whose list links to the import of the event kinds behind its rows."""

    change_list_template = "admin/intake/csv_change_list.html"
    csv_kinds: ClassVar[tuple[str, ...]] = ()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        kinds = self.csv_kinds if may_import(request) else ()
        context = {**(extra_context or {}), "csv_kinds": kinds}
        return super().changelist_view(request, context)


class EventImportPages(ImportMixin):  # type: ignore[misc]
    """The import wizard of django-import-export (upload, preview, confirmation) on our pages."""

    import_template_name = "admin/intake/event/import.html"
    import_export_change_list_template = "admin/intake/event/csv_change_list.html"
    import_form_class = EventImportForm
    confirm_form_class = EventConfirmForm
    resource_classes = (EventResource,)
    formats = (EventCsv,)
    tmp_storage_class = StoredUpload
    # the import run records who imported what
    skip_admin_log = True

    def has_import_permission(self, request: HttpRequest) -> bool:
        return may_import(request)

    def get_urls(self) -> list[URLPattern]:
        template = path(
            "import/<str:kind>.csv",
            self.admin_site.admin_view(self.template_view),
            name="intake_event_import_template",
        )
        return [template, *super().get_urls()]

    def template_view(self, request: HttpRequest, kind: str) -> HttpResponse:
        """Download a CSV with every column of the kind and one example row."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        if kind not in KINDS:
            raise Http404
        columns = Columns(KINDS[kind]).by_short_name
        answer = HttpResponse(content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{kind}.csv"'
        writer = csv.writer(answer)
        writer.writerow(columns)
        writer.writerow(column.example for column in columns.values())
        return answer

    def import_action(self, request: HttpRequest, **kwargs: Any) -> Any:
        answer = super().import_action(request, **kwargs)
        kind = KINDS.get(request.POST.get("kind") or request.GET.get("kind", ""))
        answer.context_data |= {
            "title": gettext("Import CSV"),
            "kinds": sorted(KINDS),
            "kind": kind,
            "columns": Columns(kind).by_short_name if kind else {},
        }
        return answer

    @method_decorator(require_POST)
    def process_import(self, request: HttpRequest, **kwargs: Any) -> Any:
        form = self.create_confirm_form(request)
        if form.is_valid() and not StoredUpload.exists(form.cleaned_data["import_file_name"]):
            message = gettext("This upload has expired or was already imported.")
            messages.warning(request, message)
            return HttpResponseRedirect(reverse("admin:intake_event_import"))
        return super().process_import(request, **kwargs)

    def process_result(self, result: EventResult, request: HttpRequest) -> HttpResponse:
        if result.base_errors:
            for one in result.base_errors:
                messages.error(request, str(one.error))
        else:
            messages.success(request, f"{result.report}.")
        return HttpResponseRedirect(reverse("admin:intake_event_changelist"))

    def get_import_form_initial(self, request: HttpRequest) -> dict[str, Any]:
        return {"kind": request.GET.get("kind", "")}

    def get_import_resource_kwargs(self, request: HttpRequest, **kwargs: Any) -> dict[str, Any]:
        form = kwargs["form"]
        return {"options": form.cleaned_data if form.is_bound and form.is_valid() else {}}

    def get_confirm_form_initial(
        self, request: HttpRequest, import_form: EventImportForm | None
    ) -> dict[str, Any]:
        initial: dict[str, Any] = super().get_confirm_form_initial(request, import_form)
        chosen = FileOptionsForm.base_fields
        return initial | {name: import_form.cleaned_data[name] for name in chosen if import_form}
