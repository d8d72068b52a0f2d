"""Adjustments in the admin: read-only, with the decisions that their pages and the API offer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from accounts.admin.users import acting_user
from alerts.evaluation import event_texts
from core.admin.view_only import ReadOnlyAdmin
from core.admin.work_queue import add_to_work_queue
from improvement import effects
from improvement.admin.deciding import DECISIONS, DecisionForm, Seen, perform, title
from improvement.admin.events import AdjustmentEventInline, without_figures
from improvement.effects import EffectResult, GuardResult
from improvement.models import Adjustment
from improvement.shipped_rules import display_name
from kpis.admin.kpi_choices import KpiFilter, name_of
from kpis.definitions.registry import REGISTRY


@admin.register(Adjustment)
class AdjustmentAdmin(ReadOnlyAdmin):
    change_form_template = "admin/improvement/adjustment/change_form.html"
    list_display = (
        "parameter_name", "place_name", "display_values", "status", "kpi_name", "proposed_at",
        "decided_by", "is_worse",
    )  # fmt: skip
    list_filter = (
        "status",
        ("revert_proposed_at", admin.EmptyFieldListFilter),
        KpiFilter,
        "parameter_key",
        "course",
        "rule",
        "is_automatic",
    )
    list_select_related = (
        "rule", "alert__rule", "change__parameter", "parameter", "course", "decided_by",
    )  # fmt: skip
    date_hierarchy = "proposed_at"
    search_fields = ("parameter_key", "place", "kpi", "rule__name", "decision_reason")
    inlines = (AdjustmentEventInline,)
    actions = ("approve", "reject", "keep", "revert")
    fields = (
        ("parameter_name", "place_name", "display_values"),
        ("status", "version"),
        ("kpi_name", "figures"),
        ("rule_name", "alert_link"),
        "reason",
        ("proposed_at", "proposed_by"),
        ("decided_at", "decided_by", "is_automatic"),
        "decision_reason",
        ("applies_from", "watch_days", "watch_until"),
        "guards",
        "effect_sentence",
        "guard_sentence",
        ("revert_proposed_at", "closed_at"),
    )
    readonly_fields = (
        "parameter_name", "place_name", "display_values", "kpi_name", "figures", "rule_name",
        "alert_link", "guards", "effect_sentence", "guard_sentence",
    )  # fmt: skip

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return without_figures(self.list_display, request)

    def get_fields(self, request: HttpRequest, obj: Adjustment | None = None) -> list[Any]:
        groups = (one if isinstance(one, tuple) else (one,) for one in self.fields)
        shown = (without_figures(one, request) for one in groups)
        return [tuple(one) for one in shown if one]

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return acting_user(request).has_perm("improvement.decide_adjustment")

    def get_urls(self) -> list[URLPattern]:
        deciding = path(
            "decide/<str:name>/",
            self.admin_site.admin_view(self.decide_view),
            name="improvement_adjustment_decide",
        )
        return [deciding, *super().get_urls()]

    @admin.action(description=DECISIONS["approve"].action, permissions=["decide"])
    def approve(self, request: HttpRequest, rows: QuerySet[Adjustment]) -> HttpResponse:
        return self._confirmation(request, "approve", rows)

    @admin.action(description=DECISIONS["reject"].action, permissions=["decide"])
    def reject(self, request: HttpRequest, rows: QuerySet[Adjustment]) -> HttpResponse:
        return self._confirmation(request, "reject", rows)

    @admin.action(description=DECISIONS["keep"].action, permissions=["decide"])
    def keep(self, request: HttpRequest, rows: QuerySet[Adjustment]) -> HttpResponse:
        return self._confirmation(request, "keep", rows)

    @admin.action(description=DECISIONS["revert"].action, permissions=["decide"])
    def revert(self, request: HttpRequest, rows: QuerySet[Adjustment]) -> HttpResponse:
        return self._confirmation(request, "revert", rows)

    def decide_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """Confirm a decision about adjustments, or make it about the versions that were shown."""
        if name not in DECISIONS:
            raise Http404(gettext("Unknown action “%(action)s”.") % {"action": name})
        if not (self.has_decide_permission(request) and self.has_view_permission(request)):
            raise PermissionDenied
        rows: QuerySet[Adjustment] = self.get_queryset(request)
        if request.method != "POST":
            chosen = [pk for pk in request.GET.getlist("pk") if pk.isdecimal() and len(pk) < 18]
            return self._confirmation(request, name, rows.filter(pk__in=chosen))
        seen = Seen.read(request.POST.getlist("seen"))
        form = DecisionForm(request.POST, decision=DECISIONS[name])
        if not form.is_valid():
            chosen_rows = rows.filter(pk__in=[one.pk for one in seen])
            return self._confirmation(request, name, chosen_rows, form=form, seen=seen)
        by = acting_user(request)
        for one in perform(DECISIONS[name], rows, seen, form.cleaned_data, by):
            level = messages.SUCCESS if one.is_done else messages.ERROR
            self.message_user(request, one.text, level)
        return HttpResponseRedirect(reverse("admin:improvement_adjustment_changelist"))

    def _confirmation(
        self,
        request: HttpRequest,
        name: str,
        rows: QuerySet[Adjustment],
        *,
        form: DecisionForm | None = None,
        seen: Iterable[Seen] = (),
    ) -> HttpResponse:
        decision = DECISIONS[name]
        # a corrected form is about what was shown at first, not about what is there now
        versions = {one.pk: one.version for one in seen}
        chosen = [
            {
                "title": title(one),
                "state": one.get_status_display(),
                "seen": f"{one.pk}-{versions.get(one.pk, one.version)}",
            }
            for one in rows.select_related("parameter", "change__parameter")
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": decision.title,
            "opts": self.opts,
            "url": reverse("admin:improvement_adjustment_decide", args=[name]),
            "chosen": chosen,
            "form": form or DecisionForm(decision=decision),
            "media": self.media + (form or DecisionForm(decision=decision)).media,
        }
        status = 400 if form else 200
        return render(request, "admin/decide_chosen.html", context, status=status)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        adjustment = cast("Adjustment | None", self.get_object(request, object_id))
        may_decide = adjustment is not None and self.has_decide_permission(request)
        offered = [
            (one.title, reverse("admin:improvement_adjustment_decide", args=[name]))
            for name, one in DECISIONS.items()
            if adjustment and may_decide and adjustment.status in one.statuses
        ]
        context = {**(extra_context or {}), "decisions": offered}
        return super().change_view(request, object_id, form_url, context)

    @admin.display(description=gettext_lazy("parameter"), ordering="parameter_key")
    def parameter_name(self, adjustment: Adjustment) -> str:
        parameter = adjustment.parameter
        return parameter.display_name if parameter else adjustment.parameter_key

    @admin.display(description=gettext_lazy("place"), ordering="place")
    def place_name(self, adjustment: Adjustment) -> str:
        return adjustment.place or gettext("Whole site")

    @admin.display(description=gettext_lazy("values"))
    def display_values(self, adjustment: Adjustment) -> str:
        return adjustment.values

    @admin.display(description=gettext_lazy("KPI"), ordering="kpi")
    def kpi_name(self, adjustment: Adjustment) -> str:
        return name_of(adjustment.kpi)

    @admin.display(description=gettext_lazy("rule"), ordering="rule__name")
    def rule_name(self, adjustment: Adjustment) -> str:
        return display_name(adjustment.rule) if adjustment.rule else gettext("by hand")

    @admin.display(description=gettext_lazy("alert"))
    def alert_link(self, adjustment: Adjustment) -> SafeString | str:
        if adjustment.alert is None:
            return ""
        page = reverse("admin:alerts_alert_change", args=[adjustment.alert.pk])
        return format_html('<a href="{}">{}</a>', page, adjustment.alert)

    @admin.display(description=gettext_lazy("value, target"))
    def figures(self, adjustment: Adjustment) -> str:
        alert, value = adjustment.alert, adjustment.alert_value
        if value is None:
            return ""
        if alert is None or alert.rule.kpi not in REGISTRY:
            return f"{value}, {adjustment.alert_target}"
        shown = (
            event_texts.value_text(alert.rule, one) for one in (value, adjustment.alert_target)
        )
        return ", ".join(shown)

    @admin.display(description=gettext_lazy("guard KPIs"))
    def guards(self, adjustment: Adjustment) -> str:
        return ", ".join(name_of(key) for key in adjustment.guard_kpis)

    @admin.display(description=gettext_lazy("effect"))
    def effect_sentence(self, adjustment: Adjustment) -> str:
        if not adjustment.effect:
            return gettext("Not measured yet.")
        found = EffectResult.from_json(adjustment.effect)
        return effects.sentence(found, sees_small_groups=True)

    @admin.display(description=gettext_lazy("guard KPI that worsened"))
    def guard_sentence(self, adjustment: Adjustment) -> str:
        if not adjustment.guard_result:
            return ""
        found = GuardResult.from_json(adjustment.guard_result)
        return effects.guard_sentence(found, sees_small_groups=True)

    @admin.display(description=gettext_lazy("revert proposed"), boolean=True)
    def is_worse(self, adjustment: Adjustment) -> bool:
        return adjustment.revert_proposed_at is not None


add_to_work_queue(
    gettext_lazy("Proposals to approve or reject"),
    lambda: Adjustment.objects.filter(status=Adjustment.Status.PROPOSED),
    "improvement.decide_adjustment",
    "improvement.view_adjustment",
    page="admin:improvement_adjustment_changelist",
    query=f"status__exact={Adjustment.Status.PROPOSED}",
)
