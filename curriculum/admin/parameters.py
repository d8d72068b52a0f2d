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

from core.admin.view_only import ReadOnlyAdmin, ReadOnlyInline
from core.decimals import format_decimal
from curriculum import parameters
from curriculum.models import Parameter, ParameterChange

REASON = forms.CharField(
    widget=forms.Textarea(attrs={"rows": 3}),
    required=False,
    help_text="Why the dial is turned; it stands in the history.",
)


def person(request: HttpRequest) -> AbstractBaseUser:
    """Who does it: behind the admin's door it is always an account."""
    return cast("AbstractBaseUser", request.user)


class SetParameterForm(forms.ModelForm):
    """Turn a dial: the value and why."""

    reason = REASON

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
            self.add_error("reason", "Say why the dial is turned.")
        return cleaned


def declared() -> list[tuple[str, str]]:
    return [(dial.key, dial.name) for dial in parameters.DECLARED.values()]


class CourseParameterForm(forms.ModelForm):
    """Give one course its own dial."""

    key = forms.ChoiceField(label="dial", choices=declared)
    reason = REASON

    class Meta:
        model = Parameter
        fields = ("key", "course", "value")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["course"].required = True
        self.fields["reason"].required = True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        key, value = cleaned.get("key"), cleaned.get("value")
        if key and value is not None:
            self._check(key, value)
        if Parameter.objects.filter(key=key, course=cleaned.get("course")).exists():
            self.add_error("course", "This course has its own dial already; turn that one.")
        return cleaned

    def _check(self, key: str, value: Decimal) -> None:
        dial = parameters.DECLARED[key]
        bounds = {name: getattr(dial, name) for name in ("name", "minimum", "maximum", "step")}
        try:
            parameters.check(Parameter(key=key, is_whole=dial.is_whole, **bounds), value)
        except ValidationError as error:
            self.add_error("value", error)


class ChangeInline(ReadOnlyInline):
    model = ParameterChange
    fields = (
        "status", "old_value", "new_value", "reason",
        "proposed_by", "proposed_at", "decided_by", "decided_at",
    )  # fmt: skip
    verbose_name_plural = "history"
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[ParameterChange]:
        rows = super().get_queryset(request)
        return rows.select_related("parameter", "proposed_by", "decided_by")


@admin.register(Parameter)
class ParameterAdmin(admin.ModelAdmin):
    list_display = ("name", "key", "scope", "standing", "unit", "bounds", "last_turned")
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
        form = SetParameterForm if obj else CourseParameterForm
        return super().get_form(request, obj, *args, **{**kwargs, "form": form})

    def get_fields(self, request: HttpRequest, obj: Parameter | None = None) -> Any:
        if obj is None:
            return ("key", "course", "value", "reason")
        return ("name", "help", "key", "scope", ("value", "unit"), "bounds", "reason")

    def get_readonly_fields(self, request: HttpRequest, obj: Parameter | None = None) -> Any:
        return ("name", "help", "key", "scope", "unit", "bounds") if obj else ()

    def get_inlines(self, request: HttpRequest, obj: Parameter | None = None) -> Any:
        return super().get_inlines(request, obj) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Parameter | None = None) -> bool:
        """Keep every dial: its history is needed to judge the periods that it shaped."""
        return False

    def save_model(
        self, request: HttpRequest, obj: Parameter, form: forms.ModelForm, change: bool
    ) -> None:
        if change:
            dial = Parameter.objects.get(pk=obj.pk)
        else:
            dial = parameters.scope_to(obj.key, course=obj.course)
        parameters.set_value(
            dial,
            form.cleaned_data["value"],
            reason=form.cleaned_data["reason"],
            by=person(request),
        )
        obj.pk = dial.pk
        obj.refresh_from_db()

    @admin.display(description="value", ordering="value")
    def standing(self, parameter: Parameter) -> str:
        return format_decimal(parameter.value)

    @admin.display(description="range")
    def bounds(self, parameter: Parameter) -> str:
        low, high, step = parameter.minimum, parameter.maximum, parameter.step
        return f"{format_decimal(low)} to {format_decimal(high)} by {format_decimal(step)}"

    @admin.display(description="last turned")
    def last_turned(self, parameter: Parameter) -> str:
        applied = ParameterChange.Status.APPLIED
        last = next((one for one in parameter.changes.all() if one.status == applied), None)
        return f"{last.decided_at:%Y-%m-%d}" if last and last.decided_at else "never"


@admin.register(ParameterChange)
class ParameterChangeAdmin(ReadOnlyAdmin):
    list_display = (
        "parameter", "turn", "status", "reason", "proposed_by", "proposed_at", "decided_by"
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

    @admin.display(description="turn")
    def turn(self, change: ParameterChange) -> str:
        return f"{format_decimal(change.old_value)} → {format_decimal(change.new_value)}"

    @admin.action(description="Approve the selected proposals", permissions=["decide"])
    def approve(self, request: HttpRequest, changes: QuerySet[ParameterChange]) -> None:
        self._each(request, changes, lambda one: parameters.apply(one, by=person(request)))

    @admin.action(description="Reject the selected proposals", permissions=["decide"])
    def reject(self, request: HttpRequest, changes: QuerySet[ParameterChange]) -> None:
        self._each(request, changes, lambda one: parameters.reject(one, by=person(request)))

    @admin.action(description="Revert the selected changes", permissions=["decide"])
    def revert(self, request: HttpRequest, changes: QuerySet[ParameterChange]) -> None:
        reason = f"Reverted in the admin by {person(request)}."
        self._each(
            request,
            changes,
            lambda one: parameters.revert(one, reason=reason, by=person(request)),
        )

    def _each(
        self,
        request: HttpRequest,
        changes: QuerySet[ParameterChange],
        verb: Callable[[ParameterChange], object],
    ) -> None:
        for change in changes:
            try:
                verb(change)
            except ValidationError as error:
                self.message_user(request, f"{change}: {error.messages[0]}", messages.ERROR)
            else:
                change.refresh_from_db()
                self.message_user(request, f"{change} is {change.status}.")
