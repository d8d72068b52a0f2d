from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from curriculum.admin.structure_versions import RecordsStructure
from curriculum.models import Course, Skill
from curriculum.structure import prerequisites


class SkillForm(forms.ModelForm):
    def clean_prerequisites(self) -> QuerySet[Skill]:
        chosen: QuerySet[Skill] = self.cleaned_data["prerequisites"]
        try:
            prerequisites.check(self.instance, chosen)
        except ValidationError as error:
            raise forms.ValidationError(error.messages) from error
        return chosen


@admin.register(Skill)
class SkillAdmin(RecordsStructure, admin.ModelAdmin):
    form = SkillForm
    list_display = ("title", "key", "taught_in", "required_skills")
    list_filter = ("modules__course",)
    search_fields = ("title", "key")
    autocomplete_fields = ("modules", "prerequisites")
    fields = ("title", "key", "modules", "prerequisites")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Skill]:
        rows: QuerySet[Skill] = super().get_queryset(request)
        return rows.annotate(module_rows=Count("modules")).prefetch_related("prerequisites")

    def structure_courses(self, pk: int) -> set[int]:
        return set(Course.objects.filter(modules__skills=pk).values_list("pk", flat=True))

    @admin.display(description=_("taught in modules"), ordering="module_rows")
    def taught_in(self, skill: Any) -> int:
        return int(skill.module_rows)

    @admin.display(description=_("prerequisites"))
    def required_skills(self, skill: Skill) -> str:
        return ", ".join(one.title for one in skill.prerequisites.all())
