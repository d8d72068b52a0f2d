from __future__ import annotations

from typing import Any

from django import forms

from curriculum.models import CourseRun


class RunsField(forms.ModelMultipleChoiceField):
    """Choose runs, each named with its course."""

    def __init__(self, **options: Any) -> None:
        # the admin's own widget for many choices has no label for screen readers
        widget = forms.SelectMultiple(attrs={"size": 8})
        super().__init__(CourseRun.objects.select_related("course"), widget=widget, **options)

    def label_from_instance(self, run: Any) -> str:
        return f"{run.course}: {run}"
