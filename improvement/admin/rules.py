"""Adjustment rules in the admin, with a preview of what a rule would have proposed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy, ngettext

from accounts.admin.users import acting_user
from alerts.shipped_rules import display_name as alert_rule_name
from core import localized
from core.admin.confirmation import confirmed
from core.post_only import post_only
from curriculum import parameters
from improvement import activating, rule_preview
from improvement.admin.rule_form import AdjustmentRuleForm, farthest_text
from improvement.models import AdjustmentRule
from improvement.shipped_rules import display_name
from kpis.admin.small_groups import may_see_figures


class RuleList(ChangeList):
    """The list of rules, with the definitions of all their parameters loaded at once."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        known = parameters.load_all(retired=True)
        for rule in self.result_list:
            rule.definition = known.get(rule.parameter_key)


@admin.register(AdjustmentRule)
class AdjustmentRuleAdmin(admin.ModelAdmin):
    form = AdjustmentRuleForm
    change_form_template = "admin/improvement/adjustmentrule/change_form.html"
    list_display = (
        "display_name", "is_active", "alert_rule_name", "is_watched", "when", "change", "limit",
        "mode", "proposals",
    )  # fmt: skip
    list_filter = ("is_active", "mode", "when", "alert_rule__each")
    list_select_related = ("alert_rule",)
    search_fields = ("name", "parameter_key", "alert_rule__name", "alert_rule__kpi")
    autocomplete_fields = ("alert_rule",)
    readonly_fields = ("preview", "created_by", "created_at")
    actions = ("activate", "deactivate")
    save_as = True
    fieldsets = (
        (None, {"fields": ("name", "is_active", "preview")}),
        (gettext_lazy("When"), {"fields": ("alert_rule", "when")}),
        (
            gettext_lazy("What to change"),
            {"fields": ("parameter_key", "steps", "farthest", "cooldown_days")},
        ),
        (gettext_lazy("How"), {"fields": ("mode", "watch_days", "guard_kpis")}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: AdjustmentRule | None = None) -> Any:
        """Remove the preview, which shows figures, unless the user may see small groups."""
        hidden = () if may_see_figures(request) else ("preview",)
        return [
            (name, {**shown, "fields": [one for one in shown["fields"] if one not in hidden]})
            for name, shown in super().get_fieldsets(request, obj)
        ]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return RuleList

    def get_queryset(self, request: HttpRequest) -> QuerySet[AdjustmentRule]:
        rows: QuerySet[AdjustmentRule] = super().get_queryset(request)
        return rows.annotate(proposal_count=Count("adjustments"))

    def get_urls(self) -> list[URLPattern]:
        before_saving = path(
            "preview/",
            self.admin_site.admin_view(
                post_only("admin:improvement_adjustmentrule_changelist")(self.preview_unsaved)
            ),
            name="improvement_adjustmentrule_preview",
        )
        return [before_saving, *super().get_urls()]

    def preview_unsaved(self, request: HttpRequest) -> HttpResponse:
        """Preview the rule in the form without saving it."""
        rule = self._edited_rule(request)
        may_edit = self.has_add_permission(request) or self.has_change_permission(request, rule)
        if not (may_edit and may_see_figures(request)):
            raise PermissionDenied
        form = AdjustmentRuleForm(request.POST, instance=rule)
        is_valid = form.is_valid()
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Preview of an adjustment rule"),
            "form": form,
            "preview": rule_preview.preview(form.instance, timezone.now()) if is_valid else None,
        }
        return render(request, "admin/improvement/adjustmentrule/preview.html", context)

    def _edited_rule(self, request: HttpRequest) -> AdjustmentRule | None:
        pk = request.POST.get("preview_of", "")
        return get_object_or_404(AdjustmentRule, pk=pk) if pk.isdecimal() else None

    def save_model(
        self, request: HttpRequest, obj: AdjustmentRule, form: forms.ModelForm, change: bool
    ) -> None:
        if not change:
            obj.created_by = acting_user(request)
        super().save_model(request, obj, form, change)
        activating.answer_soon()
        if may_see_figures(request):
            found = rule_preview.preview(obj, timezone.now())
            self.message_user(request, f"{display_name(obj)}: {found.sentence}")

    def has_delete_permission(
        self, request: HttpRequest, obj: AdjustmentRule | None = None
    ) -> bool:
        """Keep rules with adjustments, which are history; they can be switched off."""
        is_free = obj is None or not obj.adjustments.exists()
        return super().has_delete_permission(request, obj) and is_free

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Remove the bulk deletion, which would include rules with adjustments."""
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    @admin.action(
        description=gettext_lazy("Switch on the selected rules and their alert rules"),
        permissions=["change"],
    )
    @confirmed(
        title=gettext_lazy("Switch on"),
        consequence=gettext_lazy("These rules and their alert rules are used from now on."),
    )
    def activate(
        self, request: HttpRequest, rules: QuerySet[AdjustmentRule]
    ) -> list[AdjustmentRule]:
        return self._each(request, rules, lambda rule: self._activate(request, rule))

    def _activate(self, request: HttpRequest, rule: AdjustmentRule) -> None:
        may_edit = acting_user(request).has_perm("alerts.change_alertrule")
        if not (rule.alert_rule.is_active or (may_edit and may_see_figures(request))):
            raise ValidationError(
                gettext("Its alert rule is not active, and you may not change alert rules.")
            )
        activating.activate(rule)

    @admin.action(description=gettext_lazy("Switch off the selected rules"), permissions=["change"])
    @confirmed(
        title=gettext_lazy("Switch off"),
        consequence=gettext_lazy("These rules no longer propose or make changes."),
    )
    def deactivate(
        self, request: HttpRequest, rules: QuerySet[AdjustmentRule]
    ) -> list[AdjustmentRule]:
        return self._each(request, rules, activating.deactivate)

    def _each(
        self,
        request: HttpRequest,
        rules: QuerySet[AdjustmentRule],
        verb: Callable[[AdjustmentRule], None],
    ) -> list[AdjustmentRule]:
        done = []
        for rule in rules.select_related("alert_rule"):
            try:
                verb(rule)
            except ValidationError as error:
                text = f"{display_name(rule)}: {' '.join(error.messages)}"
                self.message_user(request, text, messages.ERROR)
            else:
                done.append(rule)
        if done:
            text = ngettext("%(count)s rule updated.", "%(count)s rules updated.", len(done))
            self.message_user(request, text % {"count": localized.number(len(done))})
        return done

    @admin.display(description=gettext_lazy("name"), ordering="name")
    def display_name(self, rule: AdjustmentRule) -> str:
        return display_name(rule)

    @admin.display(description=gettext_lazy("alert rule"), ordering="alert_rule__name")
    def alert_rule_name(self, rule: AdjustmentRule) -> str:
        return alert_rule_name(rule.alert_rule.name, rule.kpi)

    @admin.display(description=gettext_lazy("alert rule is active"), boolean=True)
    def is_watched(self, rule: AdjustmentRule) -> bool:
        return rule.alert_rule.is_active

    @admin.display(description=gettext_lazy("change"), ordering="parameter_key")
    def change(self, rule: Any) -> str:
        name = gettext(rule.definition.name) if rule.definition else rule.parameter_key
        steps = ngettext("%(steps)s step", "%(steps)s steps", abs(rule.steps)) % {
            "steps": f"{'+' if rule.steps > 0 else '−'}{localized.number(abs(rule.steps))}"
        }
        return f"{name}: {steps}"

    @admin.display(description=gettext_lazy("at most so far"))
    def limit(self, rule: Any) -> str:
        return farthest_text(rule, rule.definition)

    @admin.display(description=gettext_lazy("adjustments"), ordering="proposal_count")
    def proposals(self, rule: Any) -> int:
        return int(rule.proposal_count)

    @admin.display(description=gettext_lazy("preview"))
    def preview(self, rule: AdjustmentRule) -> SafeString | str:
        if not rule.pk:
            return gettext("Choose Preview below to see what the rule would have proposed.")
        found = rule_preview.preview(rule, timezone.now())
        return render_to_string(
            "admin/improvement/adjustmentrule/_preview.html", {"preview": found}
        )
