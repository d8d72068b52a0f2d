from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from core.admin.view_only import ReadOnlyAdmin
from support.models import ChanceModel
from support.pages.model_card import ModelCard


@admin.register(ChanceModel)
class ChanceModelAdmin(ReadOnlyAdmin):
    """The card of each model: what it was made from, and how good it was in its test."""

    list_display = (
        *("made_at", "is_used", "enrollments", "runs", "tested_enrollments"),
        *("auc", "rules_auc", "calibration_error"),
    )
    list_filter = ("is_used",)
    date_hierarchy: ClassVar[str] = "made_at"
    fieldsets = (
        (None, {"fields": ("made_at", "is_used")}),
        (_("Data"), {"fields": ("through", ("enrollments", "unfinished", "runs"))}),
        (
            _("Test"),
            {
                "fields": (
                    *("tested_enrollments", ("auc", "rules_auc", "calibration_error")),
                    *("by_week", "by_course"),
                )
            },
        ),
    )
    readonly_fields = ("auc", "rules_auc", "calibration_error", "by_week", "by_course")

    @admin.display(description=_("AUC"))
    def auc(self, row: ChanceModel) -> str:
        return ModelCard.for_staff(row).all.auc

    @admin.display(description=_("AUC of the rules"))
    def rules_auc(self, row: ChanceModel) -> str:
        return ModelCard.for_staff(row).all.rules_auc

    @admin.display(description=_("calibration error"))
    def calibration_error(self, row: ChanceModel) -> str:
        return ModelCard.for_staff(row).all.calibration_error

    @admin.display(description=_("by week of the course"))
    def by_week(self, row: ChanceModel) -> str:
        rows = ModelCard.for_staff(row).weeks
        return render_to_string("support/_quality_table.html", {"rows": rows, "number": "weeks"})

    @admin.display(description=_("by course"))
    def by_course(self, row: ChanceModel) -> str:
        rows = ModelCard.for_staff(row, with_courses=True).by_course
        return render_to_string("support/_quality_table.html", {"rows": rows, "number": "courses"})
