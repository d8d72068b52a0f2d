from __future__ import annotations

from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from core.admin.view_only import ReadOnlyAdmin
from curriculum.admin.courses import RunFilter
from intake.csv.pages import CsvImportMixin


class FactAdmin(CsvImportMixin, ReadOnlyAdmin):
    """Show facts without editing them: they follow from events, which can be replayed."""

    list_filter: ClassVar[Any] = ("enrollment__run__course", ("enrollment__run", RunFilter))
    list_select_related: ClassVar[Any] = ("enrollment__learner", "enrollment__run__course")
    search_fields: ClassVar[Any] = ("enrollment__learner__key__exact",)
    search_help_text = _("Enter the complete learner key.")
    show_full_result_count = False
