"""The form that makes a link."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy

from accounts.models import User
from accounts.reader import Reader
from curriculum.models import Course, CourseRun
from dashboard.embedding import links
from dashboard.models import EmbedLink
from kpis.definitions.registry import REGISTRY, headline
from kpis.models import PeriodKind
from presentation.categories import CATEGORIES

LONGEST_DAYS = 731


class RunField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Runs of several courses, each with its course."""

    def label_from_instance(self, run: CourseRun) -> str:
        return f"{run.course} – {run}"


class EmbedLinkForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=100,
        help_text=gettext_lazy("Where you use it, such as Intranet."),
    )
    shown = forms.ChoiceField(label=gettext_lazy("Shows"))
    course = forms.ModelChoiceField(
        Course.objects.none(),
        label=gettext_lazy("Course"),
        to_field_name="key",
        required=False,
        empty_label=gettext_lazy("All courses"),
    )
    run = RunField(
        CourseRun.objects.none(),
        label=gettext_lazy("Course run"),
        required=False,
        empty_label=gettext_lazy("All runs"),
    )
    period = forms.ChoiceField(
        label=gettext_lazy("Period"), choices=PeriodKind.choices, initial=PeriodKind.MONTH
    )
    days = forms.IntegerField(
        label=gettext_lazy("Works for days"), min_value=1, max_value=LONGEST_DAYS, initial=90
    )

    def __init__(self, *args: object, reader: Reader, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.reader = reader
        tabs = [(key, str(one.title)) for key, one in CATEGORIES.items()]
        kpis = [(one.key, one.name) for key in CATEGORIES for one in headline(key)]
        shown, course = self.fields["shown"], self.fields["course"]
        shown.choices = [  # type: ignore[attr-defined]
            (gettext("Dashboard"), tabs), (gettext("One KPI"), kpis)
        ]  # fmt: skip
        course.queryset = reader.courses()  # type: ignore[attr-defined]
        runs = reader.runs().select_related("course").order_by("course__key", "key")
        self.fields["run"].queryset = runs  # type: ignore[attr-defined]
        if not reader.sees_every_course:
            course.empty_label = gettext("All your courses")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Check that the run is of the course, and that the KPI is measured by run."""
        given = super().clean() or {}
        run, course = given.get("run"), given.get("course")
        if run and course and run.course_id != course.pk:
            message = gettext("This run is of another course: %(course)s.")
            self.add_error("run", message % {"course": run.course})
        elif run and not getattr(REGISTRY.get(given.get("shown", "")), "has_runs", True):
            self.add_error("run", gettext("This KPI is not measured by run."))
        elif not run and not links.may_show(self.reader, course):
            self.add_error("run", gettext("Choose a run: you may see single runs only."))
        return given

    def make(self, by: User) -> EmbedLink:
        given = self.cleaned_data
        return links.make(
            given["name"],
            given["shown"],
            course=given["course"],
            run=given["run"],
            period=given["period"],
            days=given["days"],
            by=by,
        )
