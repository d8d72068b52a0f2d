from __future__ import annotations

from django.contrib import admin

from accounts.models import AccessRecord
from core.admin.view_only import ReadOnlyAdmin


@admin.register(AccessRecord)
class AccessRecordAdmin(ReadOnlyAdmin):
    list_display = ("at", "who", "action", "count", "about", "row", "course")
    list_filter = ("action", "about", "course")
    search_fields = ("who", "row")
    date_hierarchy = "at"
    list_select_related = ("course",)
    show_full_result_count = False
