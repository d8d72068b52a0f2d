"""Add curriculum parameters in the admin, describe them anew, and retire them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from core.admin.confirmation import confirmed
from curriculum import parameters
from curriculum.admin.parameters import ReasonField, ValueField, signed_in_user
from curriculum.models import AddedParameter, Parameter
from curriculum.parameter_kinds import Kind, ValueType, read_unit
from curriculum.parameters import ParameterDefinition

SCOPE_LABELS = (("course", _("Courses")), ("run", _("Runs")), ("module", _("Modules")))


class AddParameterForm(forms.ModelForm):
    """Define a parameter that the learning platform reads, with its value for the whole site."""

    choices = forms.CharField(
        label=_("Choices"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("For a choice: one label per line."),
    )
    scopes = forms.MultipleChoiceField(
        label=_("Own values of"),
        choices=SCOPE_LABELS,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    value = ValueField()
    minimum = forms.DecimalField(label=_("Minimum"), required=False)
    maximum = forms.DecimalField(label=_("Maximum"), required=False)
    step = forms.DecimalField(label=pgettext_lazy("of a parameter", "Step"), required=False)
    reason = ReasonField(required=True)
    definition: ParameterDefinition

    class Meta:
        model = AddedParameter
        fields = (
            "key", "name", "help", "kind", "unit", "choices", "minimum", "maximum", "step",
            "value", "scopes", "applies_to",
        )  # fmt: skip

    def clean_unit(self) -> str:
        return read_unit(self.cleaned_data["unit"], self.cleaned_data.get("kind", ""))

    def clean_choices(self) -> list[str]:
        lines = self.cleaned_data["choices"].splitlines()
        return [one.strip() for one in lines if one.strip()]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        try:
            values = self._value_type()
            values.require_sense()
            cleaned["value"] = values.parse(cleaned["value"])
        except ValidationError as error:
            self.add_error(None if hasattr(error, "error_dict") else "value", error)
        else:
            self._define(values)
        return cleaned

    def _value_type(self) -> ValueType:
        cleaned = self.cleaned_data
        bounds = {
            Kind.SWITCH: (Decimal(0), Decimal(1), Decimal(1)),
            Kind.CHOICE: (Decimal(0), Decimal(max(len(cleaned["choices"]) - 1, 1)), Decimal(1)),
        }.get(cleaned["kind"]) or tuple(cleaned[one] for one in ("minimum", "maximum", "step"))
        if None in bounds:
            raise ValidationError(
                {"minimum": gettext("Enter the minimum, the maximum and the step.")}
            )
        minimum, maximum, step = bounds
        return ValueType(
            name=cleaned["name"], kind=cleaned["kind"], unit=cleaned["unit"],
            choices=cleaned["choices"], minimum=minimum, maximum=maximum, step=step,
            is_whole=minimum == int(minimum) and step == int(step),
        )  # fmt: skip

    def _define(self, values: ValueType) -> None:
        cleaned = self.cleaned_data
        cleaned |= {"minimum": values.minimum, "maximum": values.maximum, "step": values.step}
        self.definition = ParameterDefinition(
            key=cleaned["key"], name=cleaned["name"], help=cleaned["help"],
            role=Parameter.Role.CURRICULUM, default=cleaned["value"],
            minimum=values.minimum, maximum=values.maximum, step=values.step,
            kind=Kind(values.kind), unit=values.unit, choices=tuple(values.choices),
            is_whole=values.is_whole, scopes=tuple(cleaned["scopes"]),
            applies_to=Parameter.AppliesTo(cleaned["applies_to"]), is_added=True,
        )  # fmt: skip
        try:
            parameters.require_free_key(self.definition.key)
        except ValidationError as error:
            self.add_error(None, error)


class DescribeForm(forms.ModelForm):
    class Meta:
        model = AddedParameter
        fields = ("name", "help")


@admin.register(AddedParameter)
class AddedParameterAdmin(admin.ModelAdmin):
    """Parameters that staff added; their values are changed under Parameters."""

    list_display = ("name", "key", "kind", "applies_to", "is_retired")
    list_filter = ("is_retired", "kind")
    search_fields = ("name", "key")
    actions = ("retire", "restore")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AddedParameter]:
        rows: QuerySet[AddedParameter] = super().get_queryset(request)
        return rows.filter(is_added=True, course=None, run=None, module=None)

    def get_form(
        self, request: HttpRequest, obj: Any = None, *args: Any, **kwargs: Any
    ) -> type[forms.ModelForm]:
        form = DescribeForm if obj else AddParameterForm
        return super().get_form(request, obj, *args, **{**kwargs, "form": form})

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return (*AddParameterForm.Meta.fields, "reason")
        return ("name", "help", "key", "kind", "unit", "applies_to", "is_retired")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("key", "kind", "unit", "applies_to", "is_retired") if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Retire it instead: its history says what learners got."""
        return False

    def save_model(
        self, request: HttpRequest, obj: AddedParameter, form: Any, change: bool
    ) -> None:
        if change:
            parameters.describe(obj.key, name=obj.name, help_text=obj.help)
            return
        by = signed_in_user(request)
        row = parameters.add(form.definition, reason=form.cleaned_data["reason"], by=by)
        obj.pk = row.pk
        obj.refresh_from_db()

    @admin.action(description=_("Retire the selected parameters"), permissions=["change"])
    @confirmed(
        title=_("Retire"),
        consequence=_("Learning platforms no longer get these parameters."),
    )
    def retire(self, request: HttpRequest, rows: QuerySet[AddedParameter]) -> list[AddedParameter]:
        return self._each(request, rows.filter(is_retired=False), parameters.retire)

    @admin.action(description=_("Use the selected parameters again"), permissions=["change"])
    @confirmed(
        title=_("Use again"),
        consequence=_("Learning platforms get these parameters again."),
    )
    def restore(self, request: HttpRequest, rows: QuerySet[AddedParameter]) -> list[AddedParameter]:
        return self._each(request, rows.filter(is_retired=True), parameters.restore)

    def _each(
        self, request: HttpRequest, rows: QuerySet[AddedParameter], verb: Callable[[str], None]
    ) -> list[AddedParameter]:
        chosen = list(rows)
        for row in chosen:
            verb(row.key)
            self.message_user(request, str(row), messages.SUCCESS)
        return chosen
