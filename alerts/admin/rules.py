from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from alerts.evaluation.rule_preview import preview
from alerts.models import AlertRule
from core.decimals import format_decimal
from kpis.admin.kpi_choices import KpiFilter, kpi_choices, name_of, page_of
from kpis.admin.small_groups import may_see_figures
from kpis.definitions.registry import REGISTRY, has_modules, has_runs
from kpis.models import PeriodKind

WEEKDAYS = [
    (1, "Monday"), (2, "Tuesday"), (3, "Wednesday"), (4, "Thursday"),
    (5, "Friday"), (6, "Saturday"), (7, "Sunday"),
]  # fmt: skip


class AlertRuleForm(forms.ModelForm):
    """A rule that can fire: of a KPI that is told of the scope and in the period chosen."""

    kpi = forms.ChoiceField(label="KPI", choices=kpi_choices)
    weekdays = forms.TypedMultipleChoiceField(
        choices=WEEKDAYS,
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None chosen: every day.",
    )

    class Meta:
        model = AlertRule
        fields = (
            "name", "kpi", "is_active", "each", "course", "run", "module", "metric", "side",
            "period_kind", "patience", "margin", "mode", "min_n", "severity", "cooldown_days",
            "owner", "hours_from", "hours_until", "weekdays",
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self._check_place(cleaned)
        if (cleaned.get("hours_from") is None) != (cleaned.get("hours_until") is None):
            self.add_error("hours_until", "Working hours have a start and an end, or neither.")
        if cleaned.get("kpi") in REGISTRY:
            self._check_kpi(cleaned)
        return cleaned

    def _check_place(self, cleaned: dict[str, Any]) -> None:
        course, run, module = (cleaned.get(name) for name in ("course", "run", "module"))
        each = cleaned.get("each")
        if each and (run or module):
            self.add_error("each", "Each of several is told of the site or of a course.")
        if each == AlertRule.Each.COURSE and course:
            self.add_error("each", "Of one course, there is nothing to tell of each.")
        if run and module:
            self.add_error(
                "module", "Name a run or a module, not both: they are not told together."
            )
        for name, part in (("run", run), ("module", module)):
            if part and course and part.course_id != course.pk:
                self.add_error(name, f"This is no {name} of {course}.")

    def _check_kpi(self, cleaned: dict[str, Any]) -> None:
        indicator = REGISTRY[cleaned["kpi"]]
        is_of_modules = cleaned.get("module") or cleaned.get("each") == AlertRule.Each.MODULE
        if is_of_modules and not has_modules(indicator):
            self.add_error("kpi", f"{indicator.name} is not told by module.")
        if is_of_modules and cleaned.get("period_kind") != PeriodKind.MONTH:
            self.add_error("period_kind", "Modules are told by month.")
        if cleaned.get("run") and not has_runs(indicator):
            self.add_error("kpi", f"{indicator.name} is not told by run.")
        is_aimed = cleaned.get("metric") == AlertRule.Metric.TARGET
        if (
            indicator.has_monthly_target
            and is_aimed
            and cleaned.get("period_kind") != PeriodKind.MONTH
        ):
            self.add_error("period_kind", f"The target of {indicator.name} is one of a month.")


@admin.register(AlertRule)
class AlertRuleAdmin(admin.ModelAdmin):
    """When a KPI is worth a word; the page says how often the rule would have fired."""

    form = AlertRuleForm
    change_form_template = "admin/alerts/alertrule/change_form.html"
    list_display = (
        "name", "kpi_name", "watched", "metric", "margin", "patience", "severity", "is_active",
        "open_alerts",
    )  # fmt: skip
    list_editable = ("patience", "severity", "is_active")
    list_filter = (KpiFilter, "metric", "severity", "is_active", "each", "course", "owner")
    list_select_related = ("course", "run", "module")
    search_fields = ("name", "kpi", "course__title", "course__key")
    autocomplete_fields = ("course", "owner")
    raw_id_fields = ("run", "module")
    readonly_fields = ("would_have_fired", "created_at", "updated_at")
    save_as = True
    fieldsets = (
        (None, {"fields": ("name", "kpi", "is_active", "would_have_fired")}),
        ("Of what", {"fields": ("each", "course", "run", "module")}),
        (
            "When",
            {
                "fields": (
                    ("metric", "side"),
                    ("period_kind", "patience"),
                    ("margin", "mode"),
                    "min_n",
                )
            },
        ),
        (
            "How it is told",
            {
                "fields": (
                    ("severity", "cooldown_days"),
                    "owner",
                    ("hours_from", "hours_until"),
                    "weekdays",
                )
            },
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: AlertRule | None = None) -> Any:
        """Leave out the preview, which tells figures, for who may not see small groups."""
        hidden = () if may_see_figures(request) else ("would_have_fired",)
        return [
            (name, {**shown, "fields": [one for one in shown["fields"] if one not in hidden]})
            for name, shown in super().get_fieldsets(request, obj)
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[AlertRule]:
        rows: QuerySet[AlertRule] = super().get_queryset(request)
        return rows.annotate(open_ones=Count("alerts", filter=Q(alerts__closed_at=None)))

    def get_urls(self) -> list[URLPattern]:
        before_saving = path(
            "preview/",
            self.admin_site.admin_view(require_POST(self.preview_unsaved)),
            name="alerts_alertrule_preview",
        )
        return [before_saving, *super().get_urls()]

    def preview_unsaved(self, request: HttpRequest) -> HttpResponse:
        """Say how often the rule in the form would have fired, and save nothing."""
        rule = self._being_edited(request)
        may_edit = self.has_add_permission(request) or self.has_change_permission(request, rule)
        if not (may_edit and may_see_figures(request)):
            raise PermissionDenied
        form = AlertRuleForm(request.POST, instance=rule)
        found = preview(form.instance, timezone.now()) if form.is_valid() else None
        context = {
            **self.admin_site.each_context(request),
            "title": "Preview of an alert rule",
            "form": form,
            "preview": found,
        }
        return render(request, "admin/alerts/alertrule/preview.html", context)

    def _being_edited(self, request: HttpRequest) -> AlertRule | None:
        pk = request.POST.get("preview_of", "")
        return get_object_or_404(AlertRule, pk=pk) if pk.isdecimal() else None

    def save_model(
        self, request: HttpRequest, obj: AlertRule, form: forms.ModelForm, change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        if may_see_figures(request):
            self.message_user(request, f"{obj}: {preview(obj, timezone.now()).sentence}")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Keep it to those who see small groups: a rule has figures of any group sent."""
        return super().has_add_permission(request) and may_see_figures(request)

    def has_change_permission(self, request: HttpRequest, obj: AlertRule | None = None) -> bool:
        return super().has_change_permission(request, obj) and may_see_figures(request)

    def has_delete_permission(self, request: HttpRequest, obj: AlertRule | None = None) -> bool:
        """Keep a rule whose alerts are the history; it can be switched off."""
        is_free = obj is None or not obj.alerts.exists()
        return super().has_delete_permission(request, obj) and is_free

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Leave out deleting many: a rule with alerts is switched off instead."""
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def view_on_site(self, rule: AlertRule) -> str:
        return page_of(rule.kpi)

    @admin.display(description="KPI", ordering="kpi")
    def kpi_name(self, rule: AlertRule) -> str:
        return name_of(rule.kpi)

    @admin.display(description="of")
    def watched(self, rule: AlertRule) -> str:
        if rule.each:
            of_course = f" of {rule.course}" if rule.course else ""
            return f"{rule.get_each_display()}{of_course}"
        return str(rule.module or rule.run or rule.course or "Whole site")

    @admin.display(description="open", ordering="open_ones")
    def open_alerts(self, rule: Any) -> int:
        return int(rule.open_ones)

    @admin.display(ordering="margin")
    def margin(self, rule: AlertRule) -> str:
        return format_decimal(rule.margin)

    @admin.display(description="preview")
    def would_have_fired(self, rule: AlertRule) -> SafeString | str:
        if not rule.pk:
            return "Press Preview to see how often it would have fired."
        found = preview(rule, timezone.now())
        return render_to_string("admin/alerts/alertrule/_fired.html", {"preview": found})
