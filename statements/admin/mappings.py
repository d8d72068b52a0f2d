from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from statements.models import Mapping, SenderDefault
from statements.models.patterns import short_name
from statements.replay import patterns_of
from statements.replay_queue import replay_soon


@admin.register(Mapping)
class MappingAdmin(admin.ModelAdmin):
    """Mappings of staff. They are made on the page of a pattern; here they can be deleted."""

    list_display = ("name", "type_name", "profile_name", "kind", "created_at")
    search_fields = ("verb", "activity_type", "profile", "kind")
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Mapping | None = None) -> bool:
        return False

    def delete_model(self, request: HttpRequest, obj: Mapping) -> None:
        self._delete([obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Mapping]) -> None:
        self._delete(list(queryset))

    def _delete(self, mappings: Iterable[Mapping]) -> None:
        """Delete mappings; the history is interpreted by the rules that remain."""
        for mapping in mappings:
            patterns = patterns_of(mapping)
            mapping.delete()
            replay_soon(patterns)

    @admin.display(description=Mapping._meta.get_field("verb").verbose_name)
    def name(self, mapping: Mapping) -> str:
        return short_name(mapping.verb)

    @admin.display(description=Mapping._meta.get_field("activity_type").verbose_name)
    def type_name(self, mapping: Mapping) -> str:
        return short_name(mapping.activity_type)

    @admin.display(description=Mapping._meta.get_field("profile").verbose_name)
    def profile_name(self, mapping: Mapping) -> str:
        return short_name(mapping.profile)


@admin.register(SenderDefault)
class SenderDefaultAdmin(admin.ModelAdmin):
    list_display = ("sender", "course_key", "run_key", "names_are_keys")
    search_fields = ("sender", "course_key")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("sender",) if obj else ()
