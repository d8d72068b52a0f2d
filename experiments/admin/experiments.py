"""Experiments in the admin: drafts can be edited, and what has started is read-only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.utils import construct_change_message
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext, gettext_lazy

from accounts.admin.users import acting_user
from core.admin.work_queue import add_to_work_queue
from experiments import lifecycle
from experiments.admin.deciding import ACTIONS, ActionForm, perform
from experiments.admin.draft_form import (
    DraftForm,
    LockedMetricInline,
    LockedVariantInline,
    MetricInline,
    VariantInline,
    save_draft,
)
from experiments.admin.history import DeviationInline, ExperimentEventInline
from experiments.admin.readiness import checklist_html, last_verdict, power_text
from experiments.admin.units import ForcedVariantInline
from experiments.models import Experiment, Metric
from experiments.written import amount_of
from improvement.admin.deciding import Seen
from kpis.admin.small_groups import may_see_figures

OUTCOME = (
    "state", "version", "started_at", "started_by", "stopped_at", "stopped_by", "decided_at",
    "decided_by", "verdict", "shipped_variant", "decision_reason", "last_analysis",
)  # fmt: skip


FIELDSETS: Any = (
    (None, {"fields": ("name", "key", "hypothesis", "seen_version")}),
    (gettext_lazy("Before the start"), {"fields": ("checklist", "power_now")}),
    (
        gettext_lazy("Audience"),
        {"fields": ("unit", "courses", "runs", "only_new", "track", "holdout")},
    ),
    (gettext_lazy("Layer"), {"fields": ("layer", ("layer_from", "layer_to"))}),
    (
        gettext_lazy("Plan"),
        {
            "fields": (
                "method", ("alpha", "power"), ("planned_effect", "planned_n", "planned_end"),
                "baseline_days", "underpowered_reason",
            )
        },
    ),
    (gettext_lazy("Outcome"), {"fields": OUTCOME}),
)  # fmt: skip


def _shown(field: Any, is_locked: bool) -> Any:
    """Return a field, or fields of one line; a locked effect is written with its unit."""
    if isinstance(field, tuple):
        return tuple(_shown(one, is_locked) for one in field)
    return "effect_in_unit" if field == "planned_effect" and is_locked else field


@admin.register(Experiment)
class ExperimentAdmin(admin.ModelAdmin):
    form = DraftForm
    change_form_template = "admin/experiments/experiment/change_form.html"
    list_display = (
        "name", "key", "state", "unit", "method", "planned_end", "started_at", "verdict",
    )  # fmt: skip
    list_filter = ("state", "verdict", "unit", "method", "courses", "layer")
    search_fields = ("key", "name", "hypothesis")
    date_hierarchy = "created_at"
    filter_horizontal = ("courses",)
    autocomplete_fields = ("runs",)
    readonly_fields = ("checklist", "power_now", "effect_in_unit", *OUTCOME)
    actions = ("start", "deviate", "stop", "decide")
    fieldsets = FIELDSETS

    def get_fieldsets(self, request: HttpRequest, obj: Experiment | None = None) -> Any:
        """Show what there is: no outcome of a draft, and no checklist of what has started.

        The power follows from figures, which may be those of a small group.
        """
        before, outcome = gettext_lazy("Before the start"), gettext_lazy("Outcome")
        is_draft = obj is not None and obj.is_draft
        hidden_groups = {outcome} if is_draft else {before, outcome} if obj is None else {before}
        hidden = set() if self._may_edit(request, obj) else {"seen_version"}
        if not may_see_figures(request):
            hidden.add("power_now")
        is_locked = not self._may_edit(request, obj)
        return [
            (
                name,
                {
                    "fields": [
                        _shown(one, is_locked) for one in shown["fields"] if one not in hidden
                    ]
                },
            )
            for name, shown in FIELDSETS
            if name not in hidden_groups
        ]

    def get_inlines(self, request: HttpRequest, obj: Experiment | None) -> list[Any]:
        if self._may_edit(request, obj):
            return [VariantInline, MetricInline]
        return [
            LockedVariantInline,
            LockedMetricInline,
            DeviationInline,
            ForcedVariantInline,
            ExperimentEventInline,
        ]

    def _may_edit(self, request: HttpRequest, obj: Experiment | None) -> bool:
        if obj is None:
            return self.has_add_permission(request)
        return self.has_change_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Experiment | None = None) -> bool:
        """Lock the plan once the experiment has started."""
        is_free = obj is None or obj.is_draft
        return is_free and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Experiment | None = None) -> bool:
        """Keep what has started: results need it."""
        is_free = obj is None or obj.is_draft
        return is_free and super().has_delete_permission(request, obj)

    def has_act_permission(self, request: HttpRequest) -> bool:
        return acting_user(request).has_perm("experiments.run_experiment")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Remove the bulk deletion, which would include what has started."""
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Let the history of a draft go with it, which nobody may delete by itself."""
        shown, counts, _, protected = super().get_deleted_objects(objs, request)
        return shown, counts, set(), protected

    def delete_model(self, request: HttpRequest, obj: Experiment) -> None:
        lifecycle.delete(obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save nothing yet: `save_related` saves the draft with its variants and KPIs."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        row: Any = form.instance
        saved = save_draft(row, by=acting_user(request))
        row.pk, row.version = saved.pk, saved.version

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        return construct_change_message(form, [], add)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Refuse a form of an older version: its rows of variants no longer exist."""
        row = self.get_object(request, object_id) if object_id else None
        experiment = cast("Experiment | None", row)
        if (
            request.method == "POST"
            and experiment is not None
            and request.POST.get("seen_version") != str(experiment.version)
        ):
            text = gettext("The experiment has changed meanwhile; nothing was saved.")
            self.message_user(request, text, messages.ERROR)
            return HttpResponseRedirect(request.path)
        offered = [
            (one.title, reverse("admin:experiments_experiment_act", args=[name]))
            for name, one in ACTIONS.items()
            if experiment and self.has_act_permission(request) and experiment.state in one.states
        ]
        context = {**(extra_context or {}), "offered": offered}
        try:
            return super().changeform_view(request, object_id, form_url, context)
        except ValidationError as error:
            # it changed between the trial and the saving
            self.message_user(request, " ".join(error.messages), messages.ERROR)
            return HttpResponseRedirect(request.path)

    def get_urls(self) -> list[URLPattern]:
        acting = path(
            "act/<str:name>/",
            self.admin_site.admin_view(self.act_view),
            name="experiments_experiment_act",
        )
        return [acting, *super().get_urls()]

    @admin.action(description=ACTIONS["start"].action, permissions=["act"])
    def start(self, request: HttpRequest, rows: QuerySet[Experiment]) -> HttpResponse:
        return self._confirmation(request, "start", rows)

    @admin.action(description=ACTIONS["deviate"].action, permissions=["act"])
    def deviate(self, request: HttpRequest, rows: QuerySet[Experiment]) -> HttpResponse:
        return self._confirmation(request, "deviate", rows)

    @admin.action(description=ACTIONS["stop"].action, permissions=["act"])
    def stop(self, request: HttpRequest, rows: QuerySet[Experiment]) -> HttpResponse:
        return self._confirmation(request, "stop", rows)

    @admin.action(description=ACTIONS["decide"].action, permissions=["act"])
    def decide(self, request: HttpRequest, rows: QuerySet[Experiment]) -> HttpResponse:
        return self._confirmation(request, "decide", rows)

    def act_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """Confirm an action, or perform it on the versions that were shown."""
        if name not in ACTIONS:
            raise Http404(gettext("Unknown action “%(action)s”.") % {"action": name})
        if not (self.has_act_permission(request) and self.has_view_permission(request)):
            raise PermissionDenied
        rows: QuerySet[Experiment] = self.get_queryset(request)
        if request.method != "POST":
            chosen = [pk for pk in request.GET.getlist("pk") if pk.isdecimal() and len(pk) < 18]
            return self._confirmation(request, name, rows.filter(pk__in=chosen))
        seen = Seen.read(request.POST.getlist("seen"))
        form = ActionForm(request.POST, action=ACTIONS[name])
        if not form.is_valid():
            chosen_rows = rows.filter(pk__in=[one.pk for one in seen])
            return self._confirmation(request, name, chosen_rows, form=form, seen=seen)
        for one in perform(ACTIONS[name], rows, seen, form.cleaned_data, acting_user(request)):
            level = messages.SUCCESS if one.is_done else messages.ERROR
            self.message_user(request, one.text, level)
        return HttpResponseRedirect(reverse("admin:experiments_experiment_changelist"))

    def _confirmation(
        self,
        request: HttpRequest,
        name: str,
        rows: QuerySet[Experiment],
        *,
        form: ActionForm | None = None,
        seen: Iterable[Seen] = (),
    ) -> HttpResponse:
        # a corrected form is about what was shown at first, not about what is there now
        versions = {one.pk: one.version for one in seen}
        shown = form or ActionForm(action=ACTIONS[name])
        context = {
            **self.admin_site.each_context(request),
            "title": ACTIONS[name].title,
            "opts": self.opts,
            "url": reverse("admin:experiments_experiment_act", args=[name]),
            "chosen": [
                {
                    "title": str(one),
                    "state": one.get_state_display(),
                    "seen": f"{one.pk}-{versions.get(one.pk, one.version)}",
                }
                for one in rows
            ],
            "form": shown,
            "media": self.media + shown.media,
        }
        status = 400 if form else 200
        return render(request, "admin/decide_chosen.html", context, status=status)

    @admin.display(description=gettext_lazy("checklist"))
    def checklist(self, experiment: Experiment) -> str:
        return checklist_html(experiment)

    @admin.display(description=gettext_lazy("planned effect"))
    def effect_in_unit(self, experiment: Experiment) -> str:
        primary = experiment.metrics.filter(role=Metric.Role.PRIMARY).first()
        return amount_of(primary.kpi if primary else "", experiment.planned_effect)

    @admin.display(description=gettext_lazy("power"))
    def power_now(self, experiment: Experiment) -> str:
        return power_text(experiment)

    @admin.display(description=gettext_lazy("last analysis"))
    def last_analysis(self, experiment: Experiment) -> str:
        return last_verdict(experiment)


add_to_work_queue(
    gettext_lazy("Stopped experiments to decide"),
    lambda: Experiment.objects.filter(state=Experiment.State.STOPPED),
    "experiments.run_experiment",
    "experiments.view_experiment",
    page="admin:experiments_experiment_changelist",
    query=f"state__exact={Experiment.State.STOPPED}",
)
