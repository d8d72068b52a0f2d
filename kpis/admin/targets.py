from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Case, CharField, QuerySet, Value, When
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.admin.users import acting_user
from core.decimals import format_decimal
from kpis.admin.kpi_choices import KpiFilter, kpi_choices, name_of, page_of
from kpis.definitions.period_names import period_name
from kpis.definitions.registry import REGISTRY
from kpis.models import Target
from kpis.query import targets
from kpis.query.targets import TargetHistory, past_months, set_target, today


class TargetForm(forms.ModelForm):
    """A new version: of the target that is shown, or of a KPI and course that have none."""

    class Meta:
        model = Target
        fields = ("value", "valid_from", "note")
        # Django's admin gives this class the width of a number
        widgets = {"value": forms.NumberInput(attrs={"class": "vIntegerField", "step": "any"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # the form proposes the next version, so it starts today and explains itself
        self.initial.update({"valid_from": today(), "note": ""})
        if self.instance.pk:
            self.initial["value"] = Decimal(format_decimal(self.instance.value))
        if "valid_from" in self.fields:
            self.fields["valid_from"].required = True
            self.fields["valid_from"].help_text = "First day that the new version holds."

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        kpi = cleaned.get("kpi") or self.instance.kpi
        value: Decimal | None = cleaned.get("value")
        if kpi and value is not None:
            try:
                targets.check(kpi, value)
            except ValidationError as error:
                self.add_error("value", error)
        return cleaned


class FirstTargetForm(TargetForm):
    kpi = forms.ChoiceField(label="KPI", choices=kpi_choices)

    class Meta:
        model = Target
        fields = ("kpi", "course", "value", "valid_from", "note")


IN_FORCE, COMING, PAST = "in force", "coming", "past"


class VersionFilter(admin.SimpleListFilter):
    """Show what is in force today unless more is asked for."""

    title = "version"
    parameter_name = "version"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(COMING, "Coming"), ("all", "All, with the past")]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        return [{**first, "display": "In force today"}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "all":
            return queryset
        return queryset.filter(state=self.value() or IN_FORCE)


@admin.register(Target)
class TargetAdmin(admin.ModelAdmin):
    """Editing a target makes its next version; no version is ever changed or deleted."""

    form = TargetForm
    list_display = ("name", "course", "value", "valid_from", "state", "history")
    list_editable = ("value",)
    list_filter = (VersionFilter, KpiFilter, "course")
    list_select_related = ("course", "set_by")
    search_fields = ("kpi", "note", "course__title", "course__key")
    autocomplete_fields = ("course",)
    ordering = ("kpi", "course", "-version")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Target]:
        rows: QuerySet[Target] = super().get_queryset(request)
        current = [one.pk for one in TargetHistory.load().all_in_force(today())]
        state = Case(
            When(pk__in=current, then=Value(IN_FORCE)),
            When(valid_from__gt=today(), then=Value(COMING)),
            default=Value(PAST),
            output_field=CharField(),
        )
        return rows.annotate(state=state)

    def get_form(
        self, request: HttpRequest, obj: Target | None = None, *args: Any, **kwargs: Any
    ) -> type[forms.ModelForm]:
        form = TargetForm if obj else FirstTargetForm
        return super().get_form(request, obj, *args, **{**kwargs, "form": form})

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> type[forms.ModelForm]:
        return super().get_changelist_form(request, **{**kwargs, "form": TargetForm})

    def get_fields(self, request: HttpRequest, obj: Target | None = None) -> Any:
        if obj is None:
            return ("kpi", "course", "value", "valid_from", "note")
        return ("name", "course", "standing", "value", "valid_from", "note", "versions")

    def get_readonly_fields(self, request: HttpRequest, obj: Target | None = None) -> Any:
        return ("name", "course", "standing", "versions") if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Target | None = None) -> bool:
        """Keep every version: the periods that it judged are judged by it still."""
        return False

    def save_model(
        self, request: HttpRequest, obj: Target, form: forms.ModelForm, change: bool
    ) -> None:
        made = set_target(
            obj.kpi,
            form.cleaned_data["value"],
            course=obj.course,
            valid_from=form.cleaned_data.get("valid_from"),
            by=acting_user(request),
            note=form.cleaned_data.get("note", ""),
        )
        obj.pk = made.pk
        obj.refresh_from_db()
        self._warn(request, made)

    def _warn(self, request: HttpRequest, made: Target) -> None:
        if months := [period_name(month) for month in past_months(made)]:
            self.message_user(
                request,
                f"This target starts in the past: periods that end from {made.valid_from} on are "
                f"judged by it from now on, among them {', '.join(months)}.",
                messages.WARNING,
            )

    def view_on_site(self, target: Target) -> str:
        return page_of(target.kpi)

    @admin.display(description="KPI", ordering="kpi")
    def name(self, target: Target) -> str:
        return f"{name_of(target.kpi)} {self.unit(target)}".strip()

    def unit(self, target: Target) -> str:
        return REGISTRY[target.kpi].unit.symbol if target.kpi in REGISTRY else ""

    @admin.display(ordering="state")
    def state(self, target: Any) -> str:
        return str(target.state)

    @admin.display(description="version", ordering="version")
    def history(self, target: Target) -> SafeString:
        course = f"&course__id__exact={target.course_id}" if target.course_id else ""
        return format_html(
            '<a href="?version=all&kpi={}{}">{} and before</a>', target.kpi, course, target.version
        )

    @admin.display(description="this version")
    def standing(self, target: Target) -> str:
        start = f"from {target.valid_from}" if target.valid_from else "from the beginning"
        return (
            f"{format_decimal(target.value)} {self.unit(target)}, {start}, version {target.version}"
        )

    @admin.display(description="all versions")
    def versions(self, target: Target) -> SafeString:
        same = Target.objects.filter(kpi=target.kpi, course=target.course)
        return render_to_string(
            "admin/kpis/target/versions.html", {"versions": same.select_related("set_by")}
        )
