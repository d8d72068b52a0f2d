"""The form of a draft in the admin: the plan, its variants with their values, its KPIs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_lazy

from core.admin.view_only import ReadOnlyInline
from curriculum import parameters
from curriculum.models import Module
from experiments import drafts, measurable
from experiments.admin.trial import problem_of, without_fields
from experiments.drafts import PlannedMetric, PlannedValue, PlannedVariant
from experiments.models import Experiment, Metric, Variant
from experiments.written import amount_of
from kpis.admin.kpi_choices import name_of

FIELDS = (
    "key", "name", "hypothesis", "unit", "courses", "runs", "only_new", "track", "layer",
    "layer_from", "layer_to", "holdout", "method", "alpha", "power", "planned_effect", "planned_n",
    "planned_end", "baseline_days", "underpowered_reason",
)  # fmt: skip


class DraftForm(forms.ModelForm):
    """The plan of a draft, with the version that the reader saw."""

    seen_version = forms.IntegerField(label="", required=False, widget=forms.HiddenInput)

    class Meta:
        model = Experiment
        fields = FIELDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "planned_effect" in self.fields:
            self.fields["planned_effect"].help_text = gettext(
                "The smallest improvement of the primary KPI that you want to find, in its unit: 5 "
                "for 5 percentage points."
            )
        if self.instance.pk and "seen_version" in self.fields:
            self.initial["seen_version"] = self.instance.version
            primary = self.instance.metrics.filter(role=Metric.Role.PRIMARY).first()
            kpi, effect = primary.kpi if primary else "", self.instance.planned_effect
            self.initial["planned_effect"] = measurable.in_unit(kpi, effect)

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        # the last formset tries to save everything at once
        self.instance.draft_form = self


class VariantForm(forms.ModelForm):
    """A variant; its values are written one per line."""

    changes = forms.CharField(
        label=gettext_lazy("Values"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2, "cols": 50}),
        help_text=gettext_lazy(
            "One per line, such as module.pass-mark = 80%, or for one module "
            "module.pass-mark @ course/module = 80%. The control has none."
        ),
    )

    class Meta:
        model = Variant
        fields = ("key", "name", "weight", "is_control")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["changes"] = written(self.instance)

    def clean(self) -> dict[str, Any]:
        # without super: rows are replaced together, so none can be compared with the stored ones
        return self.cleaned_data

    def clean_changes(self) -> list[PlannedValue]:
        lines = (line.strip() for line in self.cleaned_data["changes"].splitlines())
        return [_planned_value(line) for line in lines if line]

    def planned(self) -> PlannedVariant:
        given = self.cleaned_data
        return PlannedVariant(
            key=given["key"],
            name=given["name"],
            weight=given["weight"],
            is_control=given["is_control"],
            values=given["changes"],
        )


class MetricForm(forms.ModelForm):
    class Meta:
        model = Metric
        fields = ("kpi", "role", "margin")

    def __init__(self, *args: Any, unit: str = Experiment.Unit.LEARNER, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        accepted = measurable.all_choices()
        if self.instance.kpi and self.instance.kpi not in dict(accepted):
            accepted.append((self.instance.kpi, name_of(self.instance.kpi)))
        label = self.fields["kpi"].label
        kpi = forms.ChoiceField(label=label, choices=[("", "–"), *accepted])
        offered = measurable.choices(unit, [self.instance.kpi])
        # whatever else is sent gets a sentence that says why not
        kpi.widget.choices = [("", "–"), *offered]
        self.fields["kpi"] = kpi
        self.fields["margin"].help_text = gettext(
            "By how much a guardrail may be worse without harm, in the KPI's unit."
        )
        if self.instance.pk:
            margin = self.instance.margin
            self.initial["margin"] = measurable.in_unit(self.instance.kpi, margin)

    def clean(self) -> dict[str, Any]:
        return self.cleaned_data

    def planned(self) -> PlannedMetric:
        given = self.cleaned_data
        margin = measurable.from_unit(given["kpi"], given["margin"])
        return PlannedMetric(kpi=given["kpi"], role=given["role"], margin=margin)


class VariantFormSet(BaseInlineFormSet):
    def clean(self) -> None:
        self.instance.planned_variants = None if any(self.errors) else planned_of(self)


class MetricFormSet(BaseInlineFormSet):
    """The last part of the form: tries to save all of it, and shows what is wrong."""

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        """Offer the KPIs that have a value for each unit of the experiment."""
        return {**super().get_form_kwargs(index), "unit": self.instance.unit}

    def clean(self) -> None:
        row: Any = self.instance
        variants = getattr(row, "planned_variants", None)
        if any(self.errors) or variants is None or row.draft_form.errors:
            return
        row.planned_metrics = planned_of(self)
        if problem := problem_of(lambda: save_draft(row, by=None)):
            raise without_fields(problem)


def planned_of(formset: Any) -> list[Any]:
    """Return the filled rows of a formset that are not to be deleted."""
    filled = [one for one in formset.forms if one.has_changed() or one.instance.pk]
    return [one.planned() for one in filled if not one.cleaned_data.get("DELETE")]


def save_draft(row: Any, *, by: Any) -> Experiment:
    """Save what the form and its formsets have collected in the row."""
    given = dict(row.draft_form.cleaned_data)
    version = given.pop("seen_version", None)
    courses, runs = given.pop("courses"), given.pop("runs")
    primary = [one.kpi for one in row.planned_metrics if one.role == Metric.Role.PRIMARY]
    effect = given["planned_effect"]
    given["planned_effect"] = measurable.from_unit(primary[0] if primary else "", effect)
    stored = Experiment.objects.filter(pk=row.pk).first() if row.pk else None
    return drafts.save(
        stored,
        given,
        variants=row.planned_variants,
        metrics=row.planned_metrics,
        courses=list(courses),
        runs=list(runs),
        by=by,
        expected_version=version,
    )


class DraftInline(admin.TabularInline):
    """Rows of a draft; whoever may edit the draft may edit them."""

    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission


class VariantInline(DraftInline):
    model = Variant
    form = VariantForm
    formset = VariantFormSet
    fields = ("key", "name", "weight", "is_control", "changes")

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        return 0 if obj else 2


class MetricInline(DraftInline):
    model = Metric
    form = MetricForm
    formset = MetricFormSet
    fields = ("kpi", "role", "margin")
    extra = 1


class LockedInline(ReadOnlyInline):
    """Rows of a plan that is locked, or that the reader may not change."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True


class LockedVariantInline(LockedInline):
    model = Variant
    fields = readonly_fields = ("key", "name", "weight", "is_control", "changes")

    @admin.display(description=gettext_lazy("values"))
    def changes(self, variant: Variant) -> str:
        return written(variant)


class LockedMetricInline(LockedInline):
    model = Metric
    fields = readonly_fields = ("kpi_name", "role", "margin_in_unit")

    @admin.display(description=gettext_lazy("KPI"))
    def kpi_name(self, metric: Metric) -> str:
        return name_of(metric.kpi)

    @admin.display(description=gettext_lazy("margin"))
    def margin_in_unit(self, metric: Metric) -> str:
        return amount_of(metric.kpi, metric.margin)


def written(variant: Variant) -> str:
    """Write the values of a variant as the form reads them."""
    known, lines = parameters.load_all(retired=True), []
    for one in variant.values.select_related("module__course"):
        definition = known.get(one.parameter_key)
        value = definition.written(one.value) if definition else str(one.value)
        part = f" @ {one.module.course.key}/{one.module.key}" if one.module else ""
        lines.append(f"{one.parameter_key}{part} = {value}")
    return "\n".join(lines)


def _planned_value(line: str) -> PlannedValue:
    target, separator, text = line.partition("=")
    key, _, place = (one.strip() for one in target.partition("@"))
    if not separator or not key:
        raise ValidationError(
            gettext("“%(line)s” is not like module.pass-mark = 80%%.") % {"line": line}
        )
    definition = parameters.load_all().get(key)
    if definition is None:
        raise ValidationError(gettext("There is no parameter %(key)s.") % {"key": key})
    return PlannedValue(
        parameter_key=key, value=definition.parse(text.strip()), module=_module(place)
    )


def _module(place: str) -> Module | None:
    if not place:
        return None
    course, _, key = place.partition("/")
    found = Module.objects.filter(course__key=course, key=key).first()
    if found is None:
        raise ValidationError(gettext("There is no module %(key)s.") % {"key": place})
    return found
