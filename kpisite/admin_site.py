"""The admin of this product: a work queue, then what people need, and the machine room apart."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.admin import AdminSite, ModelAdmin
from django.db.models import Model
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext_lazy as _

from core.admin.selection import with_checked_selection
from core.admin.shown_lookups import ShownLookups
from core.admin.work_queue import work_for
from kpisite.doctor.page import may_see_system, system

# by what people do; every model that is in none of them is in the machine room
SECTIONS = (
    (
        _("Alerts and targets"),
        ("alerts.alert", "alerts.alertrule", "kpis.target"),
    ),
    (
        _("Changes and experiments"),
        (
            *("improvement.adjustment", "improvement.adjustmentrule"),
            *("improvement.automaticbudget", "experiments.experiment", "experiments.layer"),
            "experiments.forcedvariant",
        ),
    ),
    (
        _("Curriculum"),
        (
            *("curriculum.course", "curriculum.courserun", "curriculum.module"),
            *("curriculum.skill", "curriculum.parameter", "curriculum.addedparameter"),
        ),
    ),
    (
        _("Learners"),
        (
            *("curriculum.learner", "curriculum.enrollment", "outcomes.certificate"),
            *("outcomes.careeroutcome", "outcomes.skillassessment"),
            *("support.contact", "support.chancemodel", "learners.erasurerequest"),
        ),
    ),
    (
        _("Surveys and feedback"),
        ("outcomes.survey", "outcomes.wave", "outcomes.theme", "outcomes.testimonial"),
    ),
    (
        _("Customers and referrals"),
        (
            *("business.customer", "business.subscription", "business.payment"),
            *("business.referralcode", "business.referral"),
        ),
    ),
    (
        _("Incoming data"),
        (
            *("intake.event", "intake.rejectedevent", "intake.importrun", "intake.filemapping"),
            *("statements.pattern", "statements.mapping", "statements.senderdefault"),
            *("statements.caliperevent", "statements.learneridentifier", "intake.learneralias"),
            *("xapi.statement", "xapi.refusedstatement", "xapi.senderrules"),
            "kpis.datafreshness",
        ),
    ),
    (
        _("Accounts and connections"),
        (
            *("accounts.user", "auth.group", "accounts.apikey"),
            *("notifications.channel", "notifications.notification"),
        ),
    ),
)
MACHINE_ROOM = _("Machine room")


class Site(AdminSite):
    site_header = site_title = "Learning KPIs"
    index_title = _("Administration")
    site_url = "/kpi-dashboard"
    # the home page has the same list, and there it is grouped as well
    enable_nav_sidebar = False

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: type[ModelAdmin[Any]] | None = None,
        **options: Any,
    ) -> None:
        """Restrict the lookups of each admin, of libraries, too, so that none is forgotten."""
        given: Any = admin_class or ModelAdmin
        restricted = type(given)(
            given.__name__, (ShownLookups, given), {"__module__": given.__module__}
        )
        super().register(model_or_iterable, restricted, **options)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        return super().admin_view(with_checked_selection(view), cacheable)

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        context = {
            "work": work_for(request.user),
            "may_see_system": may_see_system(request.user),
            **(extra_context or {}),
        }
        return super().index(request, context)

    def get_urls(self) -> list[Any]:
        ours = [path("system/", self.admin_view(system), name="system")]
        return ours + super().get_urls()

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return the sections with the models that the visitor may see; one app, as Django does."""
        if app_label is not None:
            return super().get_app_list(request, app_label)
        rest = {
            str(one["model"]._meta.label_lower): one
            for app in super().get_app_list(request)
            for one in app["models"]
        }
        sections = [
            (name, [rest.pop(label) for label in labels if label in rest])
            for name, labels in SECTIONS
        ]
        machine_room = sorted(rest.values(), key=lambda one: str(one["name"]))
        shown = [*sections, (MACHINE_ROOM, machine_room)]
        return [
            {
                "name": name,
                "app_label": f"section-{number}",
                "models": models,
                "is_machine_room": name is MACHINE_ROOM,
            }
            for number, (name, models) in enumerate(shown)
            if models
        ]
