"""Links from lists of facts to the import of the events that these are made of, and templates."""

from __future__ import annotations

import csv
from typing import Any, ClassVar

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse

from intake.csv.columns import Columns
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


def template_of(kind: str) -> HttpResponse:
    """Return a CSV with every column of the kind and one example row."""
    if kind not in KINDS:
        raise Http404
    columns = Columns(KINDS[kind]).by_short_name
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{kind}.csv"'
    writer = csv.writer(answer)
    writer.writerow(columns)
    writer.writerow(column.example for column in columns.values())
    return answer
