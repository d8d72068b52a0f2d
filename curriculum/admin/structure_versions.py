from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from core.admin.view_only import ReadOnlyAdmin
from curriculum.models import StructureVersion
from curriculum.structure import versions
from curriculum.structure.differences import differences


class RecordsStructure(admin.ModelAdmin):
    """Store new versions of the courses whose structure a saved or deleted row belongs to."""

    def structure_courses(self, pk: int) -> set[int]:
        """Return the ids of the courses whose structure a stored row is part of."""
        raise NotImplementedError

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        form.courses_before = self.structure_courses(obj.pk) if change else set()
        super().save_model(request, obj, form, change)

    def save_related(self, request: Any, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        self._record(request, form.courses_before | self.structure_courses(form.instance.pk))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        courses = self.structure_courses(obj.pk)
        super().delete_model(request, obj)
        self._record(request, courses)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        courses = {pk for row in queryset for pk in self.structure_courses(row.pk)}
        super().delete_queryset(request, queryset)
        self._record(request, courses)

    def _record(self, request: Any, courses: set[int]) -> None:
        versions.record(courses, source=StructureVersion.Source.ADMIN, by=request.user)


@admin.register(StructureVersion)
class StructureVersionAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "course", "number", "made_at", "source", "made_by")
    list_filter = ("source", "course")
    list_select_related = ("course", "made_by")
    date_hierarchy = "made_at"
    search_fields = ("course__key", "course__title")
    fields: ClassVar = ("course", "number", "made_at", "source", "made_by", "changes", "structure")

    @admin.display(description=_("changes since the version before"))
    def changes(self, version: StructureVersion) -> SafeString:
        before = StructureVersion.objects.filter(
            course=version.course_id, number=version.number - 1
        ).first()
        found = differences(before.structure if before else None, version.structure)
        return format_html_join("", "<p>{}</p>", ((one.sentence,) for one in found))
