from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from outcomes.admin.facts import FactAdmin
from outcomes.models import SkillAssessment


@admin.register(SkillAssessment)
class SkillAssessmentAdmin(FactAdmin):
    csv_kinds = ("skill.assessed",)
    list_display = ("enrollment", "skill", "stage", "score", "mastery", "mastered", "assessed_at")
    list_filter = (*FactAdmin.list_filter, "skill", "stage")
    list_select_related = (*FactAdmin.list_select_related, "skill")

    @admin.display(boolean=True, description=_("mastered"))
    def mastered(self, row: SkillAssessment) -> bool:
        return row.is_mastered
