"""Notes on dates in the admin, where staff write them; each form has its history."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.admin.users import acting_user
from kpis.models import DateNote


@admin.register(DateNote)
class DateNoteAdmin(admin.ModelAdmin):
    list_display = ("text", "first_day", "last_day", "course", "written_by", "written_at")
    list_filter = ("course",)
    list_select_related = ("course", "written_by")
    search_fields = ("text", "course__title", "course__key")
    autocomplete_fields = ("course",)
    date_hierarchy = "first_day"
    ordering = ("-first_day", "-pk")
    readonly_fields = ("written_by", "written_at")

    def save_model(self, request: HttpRequest, obj: DateNote, form: Any, change: bool) -> None:
        if not change:
            obj.written_by = acting_user(request)
        super().save_model(request, obj, form, change)
