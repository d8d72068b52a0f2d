from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from outcomes.admin.facts import FactAdmin
from outcomes.models import CareerOutcome


@admin.register(CareerOutcome)
class CareerOutcomeAdmin(FactAdmin):
    csv_kinds = ("career.reported",)
    list_display = ("enrollment", "kind", "happened_on", "reported_at", "in_time", "wave")
    list_filter = (*FactAdmin.list_filter, "kind")
    list_select_related = (*FactAdmin.list_select_related, "response__wave__survey")
    date_hierarchy: ClassVar[str] = "reported_at"

    @admin.display(description=_("wave"))
    def wave(self, row: CareerOutcome) -> str:
        return str(row.response.wave) if row.response else "–"

    @admin.display(boolean=True, description=_("within 180 days"))
    def in_time(self, row: CareerOutcome) -> bool:
        return row.is_in_time
