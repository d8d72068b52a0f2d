"""Alert rules in the admin, with a preview of how often a rule would have opened alerts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils import dates, timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from alerts.evaluation import pending_evaluations, rule_preview
from alerts.models import AlertRule
from core.decimals import format_decimal
from core.post_only import post_only
from kpis.admin.kpi_choices import KpiFilter, kpi_choices, name_of, page_of
from kpis.admin.small_groups import may_see_figures
from kpis.definitions.registry import REGISTRY
from kpis.models import PeriodKind

# Django's own names, which it translates, count from 0
WEEKDAYS = [(day + 1, name) for day, name in dates.WEEKDAYS.items()]


class AlertRuleForm(forms.ModelForm):
    """Reject rules that could never open an alert."""

    kpi = forms.ChoiceField(label=gettext_lazy("KPI"), choices=kpi_choices)
    weekdays = forms.TypedMultipleChoiceField(
        choices=WEEKDAYS,
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label=gettext_lazy("Weekdays"),
        help_text=gettext_lazy("If none is chosen: every day."),
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
        self._check_scope(cleaned)
        if (cleaned.get("hours_from") is None) != (cleaned.get("hours_until") is None):
            self.add_error("hours_until", gettext("Enter both times, or neither."))
        if cleaned.get("kpi") in REGISTRY:
            self._check_kpi(cleaned)
        return cleaned

    def _check_scope(self, cleaned: dict[str, Any]) -> None:
        course, run, module = (cleaned.get(name) for name in ("course", "run", "module"))
        each = cleaned.get("each")
        if each and (run or module):
            self.add_error("each", gettext("“Each” cannot be combined with a run or a module."))
        if each == AlertRule.Each.COURSE and course:
            self.add_error("each", gettext("“Each course” cannot be combined with a course."))
        if run and module:
            self.add_error("module", gettext("Choose a run or a module, not both."))
        if run and course and run.course_id != course.pk:
            self.add_error("run", gettext("The run belongs to another course."))
        if module and course and module.course_id != course.pk:
            self.add_error("module", gettext("The module belongs to another course."))

    def _check_kpi(self, cleaned: dict[str, Any]) -> None:
        indicator = REGISTRY[cleaned["kpi"]]
        kpi = {"kpi": indicator.name}
        watches_modules = cleaned.get("module") or cleaned.get("each") == AlertRule.Each.MODULE
        if watches_modules and not indicator.has_modules:
            self.add_error("kpi", gettext("%(kpi)s has no values by module.") % kpi)
        if watches_modules and cleaned.get("period_kind") != PeriodKind.MONTH:
            self.add_error("period_kind", gettext("Modules have monthly values only."))
        if cleaned.get("run") and not indicator.has_runs:
            self.add_error("kpi", gettext("%(kpi)s has no values by run.") % kpi)
        has_target = cleaned.get("metric") == AlertRule.Metric.TARGET
        if (
            indicator.has_monthly_target
            and has_target
            and cleaned.get("period_kind") != PeriodKind.MONTH
        ):
            error = gettext("The target of %(kpi)s applies to months only.") % kpi
            self.add_error("period_kind", error)


@admin.register(AlertRule)
class AlertRuleAdmin(admin.ModelAdmin):
    form = AlertRuleForm
    change_form_template = "admin/alerts/alertrule/change_form.html"
    list_display = (
        "name", "kpi_name", "scope_name", "metric", "margin", "patience", "severity", "is_active",
        "open_alerts",
    )  # fmt: skip
    list_editable = ("patience", "severity", "is_active")
    list_filter = (
        KpiFilter,
        "metric",
        "severity",
        "is_active",
        "each",
        "course",
        ("owner", admin.RelatedOnlyFieldListFilter),
    )
    list_select_related = ("course", "run", "module")
    search_fields = ("name", "kpi", "course__title", "course__key")
    autocomplete_fields = ("course", "owner")
    raw_id_fields = ("run", "module")
    readonly_fields = ("preview", "created_at", "updated_at")
    save_as = True
    fieldsets = (
        (None, {"fields": ("name", "kpi", "is_active", "preview")}),
        (gettext_lazy("Scope"), {"fields": ("each", "course", "run", "module")}),
        (
            gettext_lazy("Condition"),
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
            gettext_lazy("Notifications"),
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
        """Remove the preview, which shows figures, unless the user may see small groups."""
        hidden = () if may_see_figures(request) else ("preview",)
        return [
            (name, {**shown, "fields": [one for one in shown["fields"] if one not in hidden]})
            for name, shown in super().get_fieldsets(request, obj)
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[AlertRule]:
        rows: QuerySet[AlertRule] = super().get_queryset(request)
        return rows.annotate(open_count=Count("alerts", filter=Q(alerts__closed_at=None)))

    def get_urls(self) -> list[URLPattern]:
        before_saving = path(
            "preview/",
            self.admin_site.admin_view(
                post_only("admin:alerts_alertrule_changelist")(self.preview_unsaved)
            ),
            name="alerts_alertrule_preview",
        )
        return [before_saving, *super().get_urls()]

    def preview_unsaved(self, request: HttpRequest) -> HttpResponse:
        """Preview the rule in the form without saving it."""
        rule = self._edited_rule(request)
        may_edit = self.has_add_permission(request) or self.has_change_permission(request, rule)
        if not (may_edit and may_see_figures(request)):
            raise PermissionDenied
        form = AlertRuleForm(request.POST, instance=rule)
        found = rule_preview.preview(form.instance, timezone.now()) if form.is_valid() else None
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Preview of an alert rule"),
            "form": form,
            "preview": found,
        }
        return render(request, "admin/alerts/alertrule/preview.html", context)

    def _edited_rule(self, request: HttpRequest) -> AlertRule | None:
        pk = request.POST.get("preview_of", "")
        return get_object_or_404(AlertRule, pk=pk) if pk.isdecimal() else None

    def save_model(
        self, request: HttpRequest, obj: AlertRule, form: forms.ModelForm, change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        transaction.on_commit(pending_evaluations.queue_evaluation)
        if may_see_figures(request):
            found = rule_preview.preview(obj, timezone.now())
            self.message_user(request, f"{obj}: {found.sentence}")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Require access to small groups, because a rule sends figures of any group."""
        return super().has_add_permission(request) and may_see_figures(request)

    def has_change_permission(self, request: HttpRequest, obj: AlertRule | None = None) -> bool:
        return super().has_change_permission(request, obj) and may_see_figures(request)

    def has_delete_permission(self, request: HttpRequest, obj: AlertRule | None = None) -> bool:
        """Keep rules with alerts, which are history; they can be switched off."""
        is_free = obj is None or not obj.alerts.exists()
        return super().has_delete_permission(request, obj) and is_free

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Remove the bulk deletion, which would include rules with alerts."""
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def view_on_site(self, rule: AlertRule) -> str:
        return page_of(rule.kpi)

    @admin.display(description=gettext_lazy("KPI"), ordering="kpi")
    def kpi_name(self, rule: AlertRule) -> str:
        return name_of(rule.kpi)

    @admin.display(description=gettext_lazy("scope"))
    def scope_name(self, rule: AlertRule) -> str:
        if rule.each:
            each = rule.get_each_display()
            return f"{each} ({rule.course})" if rule.course else each
        return str(rule.module or rule.run or rule.course or gettext("Whole site"))

    @admin.display(description=gettext_lazy("open alerts"), ordering="open_count")
    def open_alerts(self, rule: Any) -> int:
        return int(rule.open_count)

    @admin.display(description=gettext_lazy("margin"), ordering="margin")
    def margin(self, rule: AlertRule) -> str:
        return format_decimal(rule.margin)

    @admin.display(description=gettext_lazy("preview"))
    def preview(self, rule: AlertRule) -> SafeString | str:
        if not rule.pk:
            return gettext("Choose Preview to see how often the rule would have opened alerts.")
        found = rule_preview.preview(rule, timezone.now())
        return render_to_string("admin/alerts/alertrule/_preview.html", {"preview": found})
