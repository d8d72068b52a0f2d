"""Admin page of targets: every change is stored as a new version."""

from __future__ import annotations

from datetime import date
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
from django.utils.translation import gettext, gettext_lazy

from accounts.admin.users import acting_user
from core import localized
from core.decimals import format_decimal
from kpis.admin.kpi_choices import KpiFilter, kpi_choices, name_of, page_of
from kpis.definitions.period_names import period_name
from kpis.definitions.registry import REGISTRY
from kpis.models import Target
from kpis.query import targets
from kpis.query.targets import TargetHistory, past_months, set_target, today


class TargetForm(forms.ModelForm):
    """Form for a new version of the target that is shown."""

    class Meta:
        model = Target
        fields = ("value", "valid_from", "note")
        # Django's admin gives this class the width of a number
        widgets = {"value": forms.NumberInput(attrs={"class": "vIntegerField", "step": "any"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # the form creates the next version, so it starts today, with a note of its own
        self.initial.update({"valid_from": today(), "note": ""})
        if self.instance.pk:
            self.initial["value"] = Decimal(format_decimal(self.instance.value))
        if "valid_from" in self.fields:
            self.fields["valid_from"].required = True
            self.fields["valid_from"].help_text = gettext("First day the new version applies.")

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
    """Form for the first version of a target for a KPI and course."""

    kpi = forms.ChoiceField(label=gettext_lazy("KPI"), choices=kpi_choices)

    class Meta:
        model = Target
        fields = ("kpi", "course", "value", "valid_from", "note")


CURRENT, COMING, PAST = "current", "coming", "past"
STATES = {
    CURRENT: gettext_lazy("in effect"),
    COMING: gettext_lazy("upcoming"),
    PAST: gettext_lazy("past"),
}


class VersionFilter(admin.SimpleListFilter):
    """Show only the versions in effect today by default."""

    title = gettext_lazy("version")
    parameter_name = "version"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(COMING, gettext("Upcoming")), ("all", gettext("All, including past ones"))]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        return [{**first, "display": gettext("In effect today")}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "all":
            return queryset
        return queryset.filter(state=self.value() or CURRENT)


@admin.register(Target)
class TargetAdmin(admin.ModelAdmin):
    """Editing a target creates its next version; versions are never changed or deleted."""

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
            When(pk__in=current, then=Value(CURRENT)),
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
        """Keep every version, since its periods are still compared with it."""
        return False

    def save_model(
        self, request: HttpRequest, obj: Target, form: forms.ModelForm, change: bool
    ) -> None:
        # each edit is a new row, so Django's log must name that one
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
            text = gettext(
                "This target starts in the past. Periods ending on or after %(day)s are now "
                "compared with it, including %(months)s."
            ) % {"day": localized.day(made.valid_from or date.min), "months": ", ".join(months)}
            self.message_user(request, text, messages.WARNING)

    def view_on_site(self, target: Target) -> str:
        return page_of(target.kpi)

    @admin.display(description=gettext_lazy("KPI"), ordering="kpi")
    def name(self, target: Target) -> str:
        return f"{name_of(target.kpi)} {self.unit(target)}".strip()

    def unit(self, target: Target) -> str:
        return REGISTRY[target.kpi].unit.symbol if target.kpi in REGISTRY else ""

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state(self, target: Any) -> str:
        return str(STATES[target.state])

    @admin.display(description=gettext_lazy("version"), ordering="version")
    def history(self, target: Target) -> SafeString:
        course = f"&course__id__exact={target.course_id}" if target.course_id else ""
        text = gettext("%(version)s and earlier") % {"version": target.version}
        return format_html('<a href="?version=all&kpi={}{}">{}</a>', target.kpi, course, text)

    @admin.display(description=gettext_lazy("this version"))
    def standing(self, target: Target) -> str:
        values = {
            "value": f"{format_decimal(target.value)} {self.unit(target)}".strip(),
            "version": target.version,
        }
        if target.valid_from is None:
            return gettext("%(value)s from the beginning (version %(version)s)") % values
        values["day"] = localized.day(target.valid_from)
        return gettext("%(value)s from %(day)s (version %(version)s)") % values

    @admin.display(description=gettext_lazy("all versions"))
    def versions(self, target: Target) -> SafeString:
        same = Target.objects.filter(kpi=target.kpi, course=target.course)
        return render_to_string(
            "admin/kpis/target/versions.html", {"versions": same.select_related("set_by")}
        )
