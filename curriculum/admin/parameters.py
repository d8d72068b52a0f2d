from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminSplitDateTime
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core import localized
from core.admin.view_only import ReadOnlyInline
from curriculum import parameters
from curriculum.models import Parameter, ParameterChange


class ReasonField(forms.CharField):
    def __init__(self, *, required: bool) -> None:
        super().__init__(
            label=_("Reason"),
            required=required,
            widget=forms.Textarea(attrs={"rows": 3}),
            help_text=_("Why the value is changed. The history shows it."),
        )


def signed_in_user(request: HttpRequest) -> AbstractBaseUser:
    return cast("AbstractBaseUser", request.user)


class MomentField(forms.SplitDateTimeField):
    def __init__(self) -> None:
        super().__init__(
            label=_("Applies from"),
            required=False,
            widget=AdminSplitDateTime(),
            help_text=_(
                "Empty: from now on. A moment in the past is possible as long as no learner is "
                "enrolled."
            ),
        )


class ValueField(forms.CharField):
    """A value as people write it, such as 7 days, 70% or On."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Value"),
            max_length=100,
            help_text=_("A number, a share such as 70%, a label of a choice, or On or Off."),
        )


class ChangeValueForm(forms.ModelForm):
    """Change a parameter's value; a new value requires a reason."""

    value = ValueField()
    effective_from = MomentField()
    reason = ReasonField(required=False)

    class Meta:
        model = Parameter
        fields = ("value",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.in_force = parameters.value_in_force(self.instance, timezone.now())
        values = self.instance.value_type
        self.initial["value"] = values.short(self.in_force)
        if labels := values.labels():
            choices = [(one, one) for one in labels]
            self.fields["value"] = forms.ChoiceField(label=_("Value"), choices=choices)

    @property
    def is_change(self) -> bool:
        is_new_value = self.cleaned_data.get("value", self.in_force) != self.in_force
        return is_new_value or "effective_from" in self.changed_data

    def clean_value(self) -> Decimal:
        if "value" not in self.changed_data:
            return self.in_force
        return parameters.definition_in_use(self.instance).parse(self.cleaned_data["value"])

    def clean_effective_from(self) -> datetime | None:
        moment: datetime | None = self.cleaned_data["effective_from"]
        parameters.check_moment(self.instance, moment)
        return moment

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.is_change and not cleaned.get("reason", "").strip():
            self.add_error("reason", gettext("Enter a reason for the change."))
        return cleaned


def parameter_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the parameters that a course, run or module may have a value of, by role."""
    return [
        (
            str(role.label),
            [
                (one.key, gettext(one.name))
                for one in parameters.load_all().values()
                if one.role == role and one.scopes
            ],
        )
        for role in Parameter.Role
    ]


class OwnValueForm(forms.ModelForm):
    """Give a course, a run or a module a value of its own."""

    key = forms.ChoiceField(label=_("Parameter"), choices=parameter_choices)
    value = ValueField()
    effective_from = MomentField()
    reason = ReasonField(required=True)

    class Meta:
        model = Parameter
        fields = ("key", *parameters.SCOPE_KINDS, "value")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if key := cleaned.get("key"):
            definition = parameters.definition_of(key)
            self._check_scope(definition)
            self._check_value(definition)
        return cleaned

    def _check_scope(self, definition: parameters.ParameterDefinition) -> None:
        chosen = [kind for kind in parameters.SCOPE_KINDS if self.cleaned_data.get(kind)]
        if not chosen:
            self.add_error("course", gettext("Choose one course, one run or one module."))
        for kind in chosen:
            if kind not in definition.scopes:
                self.add_error(kind, gettext("This parameter cannot have a value of its own here."))

    def _check_value(self, definition: parameters.ParameterDefinition) -> None:
        cleaned = self.cleaned_data
        scope = {kind: cleaned.get(kind) for kind in parameters.SCOPE_KINDS}
        row = Parameter(key=definition.key, name=definition.name, **scope)
        try:
            if "value" in cleaned:
                cleaned["value"] = definition.parse(cleaned["value"])
        except ValidationError as error:
            self.add_error("value", error)
        try:
            parameters.check_moment(row, cleaned.get("effective_from"))
        except ValidationError as error:
            self.add_error("effective_from", error)


def linked_source(source: parameters.ChangeSource | None) -> str:
    """Return a link to what made a change; a dash where staff made it themselves."""
    return format_html('<a href="{}">{}</a>', source.url, source.label) if source else "–"


class ChangeInline(ReadOnlyInline):
    model = ParameterChange
    fields = (
        "status", "values", "reason", "source", "proposed_by", "proposed_at", "decided_by",
        "decided_at", "effective_from",
    )  # fmt: skip
    readonly_fields = ("values", "source")
    verbose_name_plural = _("history")
    show_change_link = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._known: dict[int, Mapping[int, parameters.ChangeSource]] = {}

    def get_queryset(self, request: HttpRequest) -> QuerySet[ParameterChange]:
        rows = super().get_queryset(request)
        return rows.select_related("parameter", "proposed_by", "decided_by")

    @admin.display(description=_("change"))
    def values(self, change: ParameterChange) -> str:
        return change.values

    @admin.display(description=_("source"))
    def source(self, change: ParameterChange) -> str:
        return linked_source(self._sources(change.parameter).get(change.pk))

    def _sources(self, parameter: Parameter) -> Mapping[int, parameters.ChangeSource]:
        # all rows at once; Django makes an inline per request
        if parameter.pk not in self._known:
            ids = list(parameter.changes.values_list("pk", flat=True))
            self._known[parameter.pk] = parameters.sources_of(ids)
        return self._known[parameter.pk]


@admin.register(Parameter)
class ParameterAdmin(admin.ModelAdmin):
    list_display = (
        "display_name", "role", "key", "scope", "display_value", "display_unit", "bounds",
        "last_changed",
    )  # fmt: skip
    list_filter = ("role", "key", "course")
    list_select_related = ("course", "run__course", "module")
    search_fields = ("key", "name", "course__title", "run__title", "run__key", "module__title")
    autocomplete_fields = parameters.SCOPE_KINDS
    inlines = (ChangeInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Parameter]:
        rows = super().get_queryset(request).select_related("course", "run__course", "module")
        changes = ParameterChange.objects.in_effective_order()
        return rows.prefetch_related(Prefetch("changes", changes))

    def get_form(
        self, request: HttpRequest, obj: Parameter | None = None, *args: Any, **kwargs: Any
    ) -> type[forms.ModelForm]:
        form = ChangeValueForm if obj else OwnValueForm
        return super().get_form(request, obj, *args, **{**kwargs, "form": form})

    def get_fields(self, request: HttpRequest, obj: Parameter | None = None) -> Any:
        if obj is None:
            return ("key", *parameters.SCOPE_KINDS, "value", "effective_from", "reason")
        return (
            "display_name", "display_help", "key", "role", "effect", "scope",
            ("value", "display_unit"), "bounds", "effective_from", "reason",
        )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Parameter | None = None) -> Any:
        if obj is None:
            return ()
        return (
            "display_name", "display_help", "key", "role", "effect", "scope", "display_unit",
            "bounds",
        )  # fmt: skip

    def get_inlines(self, request: HttpRequest, obj: Parameter | None = None) -> Any:
        return super().get_inlines(request, obj) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Parameter | None = None) -> bool:
        """Keep every parameter: figures of past periods depend on its history."""
        return False

    def save_model(
        self, request: HttpRequest, obj: Parameter, form: forms.ModelForm, change: bool
    ) -> None:
        if change:
            parameter = Parameter.objects.get(pk=obj.pk)
        else:
            parameter = parameters.parameter_for(
                obj.key, course=obj.course, run=obj.run, module=obj.module
            )
        if not change or (isinstance(form, ChangeValueForm) and form.is_change):
            parameters.set_value(
                parameter,
                form.cleaned_data["value"],
                reason=form.cleaned_data["reason"],
                by=signed_in_user(request),
                effective_from=form.cleaned_data["effective_from"],
            )
        obj.pk = parameter.pk
        obj.refresh_from_db()

    # The rows hold the English texts of the definitions.
    @admin.display(description=_("name"), ordering="name")
    def display_name(self, parameter: Parameter) -> str:
        return parameter.display_name

    @admin.display(description=_("description"))
    def display_help(self, parameter: Parameter) -> str:
        return gettext(parameter.help) if parameter.help else ""

    @admin.display(description=_("unit"))
    def display_unit(self, parameter: Parameter) -> str:
        return gettext(parameter.unit) if parameter.unit else ""

    @admin.display(description=_("applies to"))
    def scope(self, parameter: Parameter) -> str:
        return parameter.scope

    @admin.display(description=_("effect of a change"))
    def effect(self, parameter: Parameter) -> str:
        if parameter.role == Parameter.Role.CURRICULUM:
            if parameter.applies_to == Parameter.AppliesTo.SIGN_UPS:
                return gettext("Changes what learners get who enroll from then on.")
            return gettext("Changes what learners get from then on.")
        declared = parameters.DECLARED.get(parameter.key)
        redefines = gettext(declared.redefines) if declared and declared.redefines else ""
        warning = gettext("Redefines figures from the moment from which the new value applies.")
        return f"{warning} {redefines}".strip()

    @admin.display(description=_("value now"), ordering="value")
    def display_value(self, parameter: Parameter) -> str:
        own = parameters.own_value(parameter, list(parameter.changes.all()), timezone.now())
        return gettext("inherited") if own is None else parameter.written(own)

    @admin.display(description=_("range"))
    def bounds(self, parameter: Parameter) -> str:
        """Return the declared range, and whether the value lies outside of it."""
        try:
            declared = parameters.definition_in_use(parameter)
        except ValidationError:
            return gettext("No longer used. Its history is kept.")
        shown = gettext("%(minimum)s to %(maximum)s, in steps of %(step)s") % {
            "minimum": declared.value_type.short(declared.minimum),
            "maximum": declared.value_type.short(declared.maximum),
            "step": declared.value_type.short(declared.step),
        }
        if declared.allows(parameter.value):
            return shown
        note = gettext(
            "The present value was set before this range. It applies until you change it."
        )
        return f"{shown}. {note}"

    @admin.display(description=_("last changed"))
    def last_changed(self, parameter: Parameter) -> str:
        decided = [one.decided_at for one in parameter.changes.all() if one.decided_at]
        return localized.day(max(decided)) if decided else gettext("never")
