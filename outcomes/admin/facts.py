from __future__ import annotations

from typing import Any, ClassVar

from core.admin.view_only import ReadOnlyAdmin
from curriculum.admin.courses import RunFilter
from intake.csv.pages import CsvImportMixin


class FactAdmin(CsvImportMixin, ReadOnlyAdmin):
    """Facts are what the events say: replay those instead of editing these."""

    list_filter: ClassVar[Any] = ("enrollment__run__course", ("enrollment__run", RunFilter))
    list_select_related: ClassVar[Any] = ("enrollment__learner", "enrollment__run__course")
    search_fields: ClassVar[Any] = ("enrollment__learner__key__exact",)
    search_help_text = "The learner's key, whole."
    show_full_result_count = False
