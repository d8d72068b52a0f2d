"""What was received, read-only: Caliper events, and the identifiers of learners."""

from __future__ import annotations

import json

from django.contrib import admin
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from core.admin.recent_values import RecentValuesFilter
from core.admin.view_only import ReadOnlyAdmin
from statements.models import CaliperEvent, LearnerIdentifier


@admin.register(CaliperEvent)
class CaliperEventAdmin(ReadOnlyAdmin):
    list_display = ("type", "event_id", "status", "problem", "sender", "received_at")
    list_filter = ("status", ("sender", RecentValuesFilter), "received_at")
    search_fields = ("event_id__exact", "about__exact")
    show_full_result_count = False
    fields = (
        ("sender", "sensor"), ("type", "event_id"), ("status", "problem"), "about",
        ("sent_at", "received_at"), "verbatim",
    )  # fmt: skip
    readonly_fields = ("verbatim",)

    @admin.display(description=gettext_lazy("as sent"))
    def verbatim(self, event: CaliperEvent) -> SafeString:
        text = json.dumps(json.loads(event.body), indent=2, ensure_ascii=False)
        return render_to_string("admin/intake/_verbatim.html", {"text": text})


@admin.register(LearnerIdentifier)
class LearnerIdentifierAdmin(ReadOnlyAdmin):
    list_display = ("value", "learner_key", "first_at")
    search_fields = ("value", "learner_key__exact")
    show_full_result_count = False
