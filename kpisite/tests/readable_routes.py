"""The paths of all pages and API routes that can be read, from the URL table.

A route with arguments has to be listed here; one without is found by itself, and so are the lists
and forms of the admin.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from alerts.models import Alert
from curriculum.models import Course, Enrollment
from experiments.models import Experiment
from improvement.models import Adjustment
from intake.models import RejectedEvent
from kpis.definitions.registry import REGISTRY
from outcomes.models import CertificateCode

Arguments = dict[str, Any]
# of the links that are sent by e-mail, and those of the API for everything that does not exist
SIGNED = {
    "set-password",
    "invitation",
    "second-factor-link",
    "lti:connect",
    "outcomes:survey",
    "business:follow",
    "notifications:unsubscribe",
    "dashboard:embedded",
    "dashboard:end-report-by-link",
}
NOWHERE = {"api-nowhere", "health", "health-web", "metrics"}
# what an LMS opens, with a message of its own
LAUNCHES = {"lti:login", "lti:launch"}
AS_JSON: Mapping[type[Model], str] = {RejectedEvent: "?raw=1"}
QUERIES = {
    "experiments_api:power": "?kpi=engagement.completion-rate&effect=0.1",
    "navigation:search": "?q=ada",
    "navigation:suggestions": "?q=ada",
}


def paths() -> Iterator[str]:
    """Yield a path for each route and its arguments, without those of the admin."""
    given = _arguments()
    course = f"?course={Course.objects.earliest('pk').key}"
    queries = {**QUERIES, "curriculum_pages:framework-versions": course}
    for name, pattern in named(get_resolver()):
        # xAPI is read by keys only
        if name.startswith(("admin:", "xapi:")) or name in SIGNED | NOWHERE | LAUNCHES:
            continue
        app = name.partition(":")[0]
        some = given.get(name) or (given[app] if pattern.pattern.regex.groups else [{}])
        yield from (reverse(name, kwargs=one) + queries.get(name, "") for one in some)


def all_paths() -> Iterator[str]:
    yield from paths()
    yield from admin_paths()


def admin_paths() -> Iterator[str]:
    """Yield the list and a form of each model in the admin that has rows."""
    yield reverse("admin:index")
    for model in admin.site._registry:
        place = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        if row := _first(model):
            yield reverse(f"{place}_changelist")
            # a rejected event has a form, and is edited as JSON as well
            yield reverse(f"{place}_change", args=[row.pk]) + AS_JSON.get(model, "")
            if model in AS_JSON:
                yield reverse(f"{place}_correct", args=[row.pk])


def named(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for one in resolver.url_patterns:
        if isinstance(one, URLResolver):
            yield from named(one, f"{before}{one.namespace}:" if one.namespace else before)
        elif one.name:
            yield f"{before}{one.name}", one


def _arguments() -> Mapping[str, Sequence[Arguments]]:
    """Return what routes are tried with, by their name or that of their app."""
    parts = {key: dict(zip(("category", "slug"), key.split("."), strict=True)) for key in REGISTRY}
    tables = [
        {**parts[key], "drill": drill}
        for key, indicator in REGISTRY.items()
        for drill in indicator.drill_downs
    ]
    # the pages of all KPIs are made alike, and their drill-downs are tried one by one
    keys = {key.partition(".")[0]: key for key in REGISTRY}.values()
    adjustment = [{"pk": Adjustment.objects.earliest("pk").pk}]
    experiment = [{"key": Experiment.objects.earliest("pk").key}]
    learner = [{"pk": Enrollment.objects.earliest("pk").pk}]
    return {
        "dashboard:kpi": [{"key": key} for key in keys],
        "dashboard:dashboard-file": [{"kind": "pdf"}],
        "dashboard:kpi-file": [{"key": key, "kind": "xlsx"} for key in keys],
        "dashboard:withdraw-embed-link": [{"pk": 1}],
        "dashboard:saved-view": [{"pk": 1}],
        "dashboard:change-view": [{"pk": 1}],
        "dashboard:end-report": [{"pk": 1}],
        "kpis:api-kpi": [parts[key] for key in keys],
        "kpis:api-drill-down": tables,
        "alerts": [{"pk": Alert.objects.filter(course__isnull=False).earliest("pk").pk}],
        "improvement": adjustment,
        "curriculum_pages:adjustment": adjustment,
        "curriculum_pages:parameter": [{"key": "module.pass-mark"}],
        "experiment_pages": experiment,
        "experiments_api": experiment,
        "support": learner,
        "exports": [{"name": "course"}],
        "navigation": [{"name": "kpis"}],
        "learners": [{"code": one.code} for one in CertificateCode.objects.order_by("pk")[:1]],
    }


def _first(model: type[Model]) -> Model | None:
    return model._default_manager.order_by("pk").first()
