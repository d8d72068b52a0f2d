from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core import localized
from core.admin.view_only import ReadOnlyAdmin, ReadOnlyInline
from core.decimals import format_decimal
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


class ChangeValueForm(forms.ModelForm):
    """Change a parameter's value; a new value requires a reason."""

    reason = ReasonField(required=False)

    class Meta:
        model = Parameter
        fields = ("value",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["value"] = Decimal(format_decimal(self.instance.value))

    def clean_value(self) -> Decimal:
        value: Decimal = self.cleaned_data["value"]
        parameters.check(self.instance, value)
        return value

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "value" in self.changed_data and not cleaned.get("reason", "").strip():
            self.add_error("reason", gettext("Enter a reason for the change."))
        return cleaned


def parameter_choices() -> list[tuple[str, str]]:
    return [(one.key, gettext(one.name)) for one in parameters.DECLARED.values()]


class CourseParameterForm(forms.ModelForm):
    """Give one course a value of its own."""

    key = forms.ChoiceField(label=_("Parameter"), choices=parameter_choices)
    reason = ReasonField(required=True)

    class Meta:
        model = Parameter
        fields = ("key", "course", "value")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["course"].required = True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        key, value = cleaned.get("key"), cleaned.get("value")
        if key and value is not None:
            try:
                parameters.check(parameters.DECLARED[key].row(value), value)
            except ValidationError as error:
                self.add_error("value", error)
        if Parameter.objects.filter(key=key, course=cleaned.get("course")).exists():
            self.add_error(
                "course",
                gettext("This course already has a value of its own. Change that one instead."),
            )
        return cleaned


def values_of(change: ParameterChange) -> str:
    return f"{parameters.written(change.old_value)} → {parameters.written(change.new_value)}"


class ChangeInline(ReadOnlyInline):
    model = ParameterChange
    fields = (
        "status", "values", "reason", "proposed_by", "proposed_at", "decided_by", "decided_at"
    )  # fmt: skip
    readonly_fields = ("values",)
    verbose_name_plural = _("history")
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[ParameterChange]:
        rows = super().get_queryset(request)
        return rows.select_related("parameter", "proposed_by", "decided_by")

    @admin.display(description=_("change"))
    def values(self, change: ParameterChange) -> str:
        return values_of(change)


@admin.register(Parameter)
class ParameterAdmin(admin.ModelAdmin):
    list_display = (
        "display_name", "key", "scope", "display_value", "display_unit", "bounds", "last_changed"
    )  # fmt: skip
    list_filter = ("key", "course")
    list_select_related = ("course", "module")
    search_fields = ("key", "name", "course__title", "module__title")
    autocomplete_fields = ("course",)
    inlines = (ChangeInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Parameter]:
        rows = super().get_queryset(request).select_related("course", "module")
        return rows.prefetch_related("changes")

    def get_form(
        self, request: HttpRequest, obj: Parameter | None = None, *args: Any, **kwargs: Any
    ) -> type[forms.ModelForm]:
        form = ChangeValueForm if obj else CourseParameterForm
        return super().get_form(request, obj, *args, **{**kwargs, "form": form})

    def get_fields(self, request: HttpRequest, obj: Parameter | None = None) -> Any:
        if obj is None:
            return ("key", "course", "value", "reason")
        return (
            "display_name", "display_help", "key", "scope",
            ("value", "display_unit"), "bounds", "reason",
        )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Parameter | None = None) -> Any:
        if obj is None:
            return ()
        return ("display_name", "display_help", "key", "scope", "display_unit", "bounds")

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
            parameter = parameters.parameter_for(obj.key, course=obj.course)
        parameters.set_value(
            parameter,
            form.cleaned_data["value"],
            reason=form.cleaned_data["reason"],
            by=signed_in_user(request),
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

    @admin.display(description=_("value"), ordering="value")
    def display_value(self, parameter: Parameter) -> str:
        return parameters.written(parameter.value)

    @admin.display(description=_("range"))
    def bounds(self, parameter: Parameter) -> str:
        return gettext("%(minimum)s to %(maximum)s, in steps of %(step)s") % {
            "minimum": parameters.written(parameter.minimum),
            "maximum": parameters.written(parameter.maximum),
            "step": parameters.written(parameter.step),
        }

    @admin.display(description=_("last changed"))
    def last_changed(self, parameter: Parameter) -> str:
        applied = ParameterChange.Status.APPLIED
        last = next((one for one in parameter.changes.all() if one.status == applied), None)
        return localized.day(last.decided_at) if last and last.decided_at else gettext("never")


@admin.register(ParameterChange)
class ParameterChangeAdmin(ReadOnlyAdmin):
    list_display = (
        "parameter", "values", "status", "reason", "proposed_by", "proposed_at", "decided_by"
    )  # fmt: skip
    list_filter = ("status", "parameter__key", "parameter__course")
    list_select_related = (
        "parameter__course", "parameter__module", "proposed_by", "decided_by"
    )  # fmt: skip
    date_hierarchy = "proposed_at"
    search_fields = ("parameter__key", "parameter__name", "reason")
    actions = ("approve", "reject", "revert")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("curriculum.change_parameter")

    @admin.display(description=_("change"))
    def values(self, change: ParameterChange) -> str:
        return values_of(change)

    @admin.action(description=_("Approve the selected proposals"), permissions=["decide"])
    def approve(self, request: HttpRequest, changes: QuerySet[ParameterChange]) -> None:
        self._each(request, changes, lambda one: parameters.apply(one, by=signed_in_user(request)))

    @admin.action(description=_("Reject the selected proposals"), permissions=["decide"])
    def reject(self, request: HttpRequest, changes: QuerySet[ParameterChange]) -> None:
        self._each(request, changes, lambda one: parameters.reject(one, by=signed_in_user(request)))

    @admin.action(description=_("Revert the selected changes"), permissions=["decide"])
    def revert(self, request: HttpRequest, changes: QuerySet[ParameterChange]) -> None:
        by = signed_in_user(request)
        reason = gettext("Reverted in the admin by %(name)s.") % {"name": by}
        self._each(request, changes, lambda one: parameters.revert(one, reason=reason, by=by))

    def _each(
        self,
        request: HttpRequest,
        changes: QuerySet[ParameterChange],
        verb: Callable[[ParameterChange], object],
    ) -> None:
        """Apply the verb to each change, and show one message per change."""
        for change in changes:
            try:
                verb(change)
            except ValidationError as error:
                self.message_user(request, f"{change}: {error.messages[0]}", messages.ERROR)
            else:
                change.refresh_from_db()
                self.message_user(request, f"{change}: {change.get_status_display()}")
