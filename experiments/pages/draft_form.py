"""The fields of a draft, without its repeated rows."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, gettext_lazy

from accounts.reader import Reader
from curriculum.models import Course, CourseRun
from experiments.models import Experiment, Layer
from experiments.pages.kpi_choices import offer_kpis

# keys whose pages would be other pages
RESERVED = ("new", "power")
PLAIN = (
    "key", "name", "hypothesis", "unit", "layer", "layer_from", "layer_to", "holdout", "only_new",
    "track", "method", "alpha", "power", "planned_n", "planned_end", "baseline_days",
)  # fmt: skip

# what everybody fills in, by legend; the other fields are for whoever needs them
SECTIONS = (
    (gettext_lazy("Idea"), ("name", "key", "hypothesis")),
    (
        gettext_lazy("Audience"),
        ("audience_courses", "audience_runs", "unit", "only_new", "track"),
    ),
    (gettext_lazy("KPIs"), ("primary", "effect", "secondary")),
    (gettext_lazy("Size and end"), ("method", "planned_n", "planned_end")),
)
MORE = ("holdout", "layer", "layer_from", "layer_to", "alpha", "power", "baseline_days")


class DraftForm(forms.ModelForm):  # type: ignore[type-arg]
    """`primary`, `secondary` and the planned effect are read in the unit of the KPI."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    primary = forms.ChoiceField(
        label=gettext_lazy("Primary KPI"),
        required=False,
        help_text=gettext_lazy(
            "KPIs that are combined from others have no value for one learner or run; choose one "
            "of their components."
        ),
    )
    effect = forms.FloatField(
        label=gettext_lazy("Smallest effect worth finding"),
        required=False,
        min_value=0,
        localize=True,
        help_text=gettext_lazy("In the KPI's unit, such as 5 for 5 percentage points."),
    )
    secondary = forms.MultipleChoiceField(
        label=gettext_lazy("Secondary KPIs"),
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 6}),
    )
    audience_courses = forms.ModelMultipleChoiceField(
        Course.objects.none(),
        label=gettext_lazy("Courses"),
        required=False,
        to_field_name="key",
        help_text=gettext_lazy("Without courses and runs: the whole site."),
    )
    audience_runs = forms.ModelMultipleChoiceField(
        CourseRun.objects.none(), label=gettext_lazy("Course runs"), required=False
    )

    class Meta:
        model = Experiment
        fields = PLAIN
        localized_fields = ("layer_from", "layer_to", "holdout", "alpha", "power")
        widgets = {
            "hypothesis": forms.Textarea(attrs={"rows": 3}),
            "planned_end": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }
        labels = {
            "key": gettext_lazy("Key"),
            "name": gettext_lazy("Name"),
            "hypothesis": gettext_lazy("Hypothesis"),
            "unit": gettext_lazy("Unit"),
            "layer": gettext_lazy("Layer (optional)"),
            "layer_from": gettext_lazy("Part of the layer, from"),
            "layer_to": gettext_lazy("Part of the layer, to"),
            "holdout": gettext_lazy("Holdout"),
            "only_new": gettext_lazy("Only new enrollments"),
            "track": gettext_lazy("Enrollments"),
            "method": gettext_lazy("Method"),
            "alpha": gettext_lazy("Significance level (α)"),
            "power": gettext_lazy("Power"),
            "planned_n": gettext_lazy("Planned units per variant"),
            "planned_end": gettext_lazy("Planned end"),
            "baseline_days": gettext_lazy("Days before the start"),
        }

    def __init__(self, data: Any = None, *, reader: Reader, **more: Any) -> None:
        self.reader = reader
        super().__init__(data, auto_id="draft-%s", label_suffix="", **more)
        fields: dict[str, Any] = self.fields
        offer_kpis(fields["primary"], self.unit, [str(self["primary"].value() or "")], none=True)
        offer_kpis(fields["secondary"], self.unit, self["secondary"].value() or ())
        fields["audience_courses"].queryset = reader.courses()
        fields["audience_runs"].queryset = reader.runs().select_related("course")
        fields["layer"].queryset = Layer.objects.order_by("name")
        fields["planned_end"].input_formats = ["%Y-%m-%d"]
        # a form without it could overwrite what somebody else has changed
        fields["version"].required = self.instance.pk is not None

    @property
    def sections(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [(str(legend), [self[name] for name in names]) for legend, names in SECTIONS]

    @property
    def more(self) -> list[forms.BoundField]:
        return [self[name] for name in MORE]

    @property
    def has_errors_in_more(self) -> bool:
        return any(name in self.errors for name in MORE)

    @property
    def unit(self) -> str:
        """The unit that is chosen now, which says which KPIs can be compared."""
        return str(self["unit"].value() or Experiment.Unit.LEARNER)

    def clean_key(self) -> str:
        key = str(self.cleaned_data["key"])
        if key in RESERVED:
            raise ValidationError(gettext("This key is taken by a page; choose another one."))
        return key

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        is_whole_site = not data.get("audience_courses") and not data.get("audience_runs")
        if is_whole_site and not self.reader.sees_every_course:
            self.add_error("audience_courses", gettext("Choose courses or runs of your own."))
        return data

    def _post_clean(self) -> None:
        """Leave the model alone: `drafts.save` writes and checks it."""
