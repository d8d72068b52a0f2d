"""Reading costs what a period and a page hold, and not more with each year of history.

Counted are the steps of SQLite's virtual machine and the statements, which are the same on any
machine. The same quarter is repeated: see longer_history.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.db import connection
from django.test import Client

from accounts.models import User
from accounts.tests.people import course, run_of
from alerts.evaluation.evaluate import evaluate
from alerts.models import Alert
from alerts.tests.alerted import create_alert
from core import process_cache, reporting_clock
from core.admin import recent_values
from core.database import query_planner
from curriculum.admin import courses
from curriculum.models import Course, Enrollment, ParameterChange
from curriculum_pages.tests.adjusted import proposed
from engagement.drill_downs import completion
from experiments.drafts import PlannedMetric
from experiments.models import Metric
from experiments.tests import trials
from exports.tables import TABLES
from exports.tests.copies import client_of
from improvement.models import Adjustment
from intake.receiving.receive import receive
from kpis.aggregation.grouped_sums import sums_by
from kpis.definitions.periods import containing
from kpis.definitions.registry import REGISTRY
from kpis.definitions.scopes import Scope
from kpis.models import Measurement, Restatement
from kpis.recompute.recompute_stale import recompute_stale
from kpis.tests.measured import NOW, manager, staff
from kpis.tests.visitors import _in_july_2026
from kpisite.tests import readable_routes
from kpisite.tests.lives import COURSES, LMS, life, take
from kpisite.tests.longer_history import repeat
from outcomes.models import CommentAnalysis, Response, Testimonial
from support.access import PERMISSION
from support.models import Contact, Standing

__all__ = ["_in_july_2026"]
pytestmark = [pytest.mark.django_db, pytest.mark.once, pytest.mark.usefixtures("_in_july_2026")]

QUARTERS, LATER = 6, 18
# a page of a list is full after the first quarters
ROWS_OF_LISTS = 5
FIRST_DAY = date(2026, 5, 18)
# a few steps more in the trees of indexes that have grown
MOST, SLACK = 1.3, 40
# what grows on purpose: by page or table, and why
# pages for whichever reader, and rows of any id
KNOWN = frozenset(
    {
        # whoever is there at a moment may have begun at any time before it
        "business.retention of site",
        "business.retention of course",
        "business.referral, invitations of site",
        "/api/kpi/business/retention/churn",
        "/api/kpi/business/referral/invitations",
        # counts of everybody ever enrolled in a course, in a run or for an experiment or wave
        "/experiments/experiment-0",
        "/experiments/experiment-0/edit",
        "/api/experiments/experiment-0",
        "/api/experiments/power?kpi=engagement.completion-rate&effect=0.1",
        "/admin/experiments/experiment/",
        "/admin/experiments/experiment/1/change/",
        "/admin/curriculum/course/",
        "/admin/curriculum/course/1/change/",
        "/admin/outcomes/wave/",
        "/admin/outcomes/wave/1/change/",
        # what people decide or are told: some thousands of rows in a lifetime, sorted by date
        "/alerts",
        "/admin/alerts/alert/",
        "/admin/alerts/alertrule/",
        "/admin/alerts/alertrule/1/change/",
        "/admin/notifications/channel/",
        "/curriculum-adjustments",
        "/api/curriculum/adjustments",
        "/admin/improvement/adjustment/",
        "/admin/improvement/adjustmentevent/",
        "/experiments",
        "/api/experiments",
        "/admin/experiments/experimentevent/",
        "/admin/curriculum/parameterchange/",
        "/admin/outcomes/testimonial/",
        "/api/kpi/outcome/feedback",
        # what there is by name, and how much up to 10,000
        "/search/suggestions?q=ada",
        "/first-steps",
        # the month to begin with is sought among all: twelve rows of a KPI a year
        "/kpi-wall",
        # a row per reading of data of people, whose list counts them
        "/admin/accounts/accessrecord/",
    }
)


def test_reading_costs_the_same_with_a_longer_history(monkeypatch: pytest.MonkeyPatch) -> None:
    shorten_lists(monkeypatch)
    make_a_quarter()
    exporter = client_of("warehouse")
    repeat(1, QUARTERS - 1)
    before = costs(exporter)
    repeat(QUARTERS, LATER - 1)
    after = costs(exporter)

    assert len(after) > 300
    assert not {
        name: cost for name, cost in steeper(before, after).items() if known_as(name) not in KNOWN
    }


def known_as(name: str) -> str:
    return re.sub(r"/[0-9]+/", "/1/", name.partition(" for ")[0])


def shorten_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    for model_admin in admin.site._registry.values():
        monkeypatch.setattr(model_admin, "list_per_page", ROWS_OF_LISTS)
    monkeypatch.setattr(recent_values, "LATEST", ROWS_OF_LISTS)
    monkeypatch.setattr(completion, "MOST_RUNS", ROWS_OF_LISTS)
    monkeypatch.setattr(courses, "MOST_RUNS", ROWS_OF_LISTS)


def make_a_quarter() -> None:
    made = [course(key, modules=2) for key in COURSES]
    for one in made:
        run_of(one)
    days = [FIRST_DAY + timedelta(days=number) for number in range(12)]
    take(*(one for at, day in enumerate(days) for one in life(f"learner {at}", day)), now=NOW)
    receive([{"id": "no", "kind": "quiz.attempted"}], LMS, now=NOW)
    recompute_stale(now=NOW)
    evaluate(NOW)
    primary = PlannedMetric(kpi="engagement.completion-rate", role=Metric.Role.PRIMARY)
    for number in range(ROWS_OF_LISTS):
        alert = create_alert(made[0], closed_at=NOW, name=f"Alert {number}")
        proposed(made[0], alert=alert)
        # what lies behind is over: there is one open row of each
        Adjustment.objects.update(status="rejected", decided_at=NOW, closed_at=NOW)
        ParameterChange.objects.update(status="rejected", decided_at=NOW)
        trials.draft(f"experiment-{number}", courses=made, metrics=[primary])
    Alert.objects.update(closed_at=NOW)
    add_what_no_event_makes()
    staff()
    may_see = Permission.objects.get(codename=PERMISSION.partition(".")[2])
    manager(made[0]).user_permissions.add(may_see)


def add_what_no_event_makes() -> None:
    for response in Response.objects.all():
        given = {"response": response, "text": "Good.", "answered_at": response.answered_at}
        CommentAnalysis.objects.create(**given, is_classified=True, mood="positive")
        Testimonial.objects.create(response=response, text="Good.", approved_at=NOW)
    for one in Enrollment.objects.all():
        what = {"channel": "email", "result": "answered", "noted_at": NOW}
        Contact.objects.create(enrollment=one, on=one.started_at.date(), **what)
        at = {"score": 0.5, "points": 5, "week": 3, "overdue_days": 0, "failed": 0, "due": 1}
        is_so = dict.fromkeys(("never_started", "inactive", "behind", "failing", "slow"), False)
        Standing.objects.create(enrollment=one, lowest_score=1, done_of_due=1, **at, **is_so)
    sums = dict.fromkeys(("n", "total", "weight", "learners", "units", "yy", "xx", "xy"), 1)
    for figure in Measurement.objects.all()[:50]:
        Restatement.objects.create(measurement=figure, computed_at=NOW, restated_at=NOW, **sums)


@dataclass
class Cost:
    statements: int = 0
    steps: int = 0


def costs(exporter: Client) -> dict[str, Cost]:
    query_planner.analyze_all()
    return {name: cost for name, ask in questions(exporter) if (cost := counted(ask))}


def questions(exporter: Client) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield every KPI and drill-down of a quarter, and every page, by name."""
    yield from kpis_and_drill_downs()
    for name, routes in (("Ada", readable_routes.all_paths), ("Bo", readable_routes.paths)):
        client = Client()
        client.force_login(User.objects.get(name=name))
        for path in routes():
            yield f"{path} for {name}", partial(client.get, path)
    for table in TABLES:
        path = f"/api/export/{table}?limit={ROWS_OF_LISTS}"
        yield f"{path} for a key", partial(exporter.get, path)


def kpis_and_drill_downs() -> Iterator[tuple[str, Callable[[], Any]]]:
    quarter = containing(date(2026, 5, 1), "quarter", reporting_clock.reporting_zone())
    first = Course.objects.earliest("pk")
    of_course = frozenset([first.pk])
    scopes = {"site": Scope(), "course": Scope(of_course)}
    scopes["run"] = Scope(of_course, run_id=first.runs.earliest("pk").pk)
    scopes["module"] = Scope(of_course, module_id=first.modules.earliest("pk").pk)
    for key, indicator in REGISTRY.items():
        has = {"run": indicator.has_runs, "module": indicator.has_modules}
        for name, scope in scopes.items():
            if not has.get(name, True):
                continue
            if indicator.facts:
                yield f"{key} of {name}", partial(sums_by, indicator, quarter, (), scope)
            for drill in indicator.drill_downs.values():
                yield f"{key}, {drill.key} of {name}", partial(drill.table, quarter, scope)


def counted(ask: Callable[[], Any]) -> Cost | None:
    """Return what reading costs; None for a page that this reader cannot open."""
    cost = Cost()

    def step() -> int:
        cost.steps += 1
        return 0

    def statement(execute: Callable[..., Any], *given: Any) -> Any:
        cost.statements += 1
        return execute(*given)

    cache.clear()
    process_cache.clear_all()
    connection.connection.set_progress_handler(step, 20)
    with connection.execute_wrapper(statement):
        found = ask()
    connection.connection.set_progress_handler(None, 0)
    return cost if getattr(found, "status_code", 200) == 200 else None


def steeper(before: dict[str, Cost], after: dict[str, Cost]) -> dict[str, tuple[Cost, Cost]]:
    """Return what grew with the history."""
    return {
        name: (before[name], cost)
        for name, cost in after.items()
        if cost.steps > MOST * before[name].steps + SLACK
        or cost.statements > before[name].statements
    }
