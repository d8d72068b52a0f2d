"""A worker that is killed in any step of the curriculum loop changes nothing in the year."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from django.utils.module_loading import import_string

from alerts.models import AlertEvent
from core import process_cache
from curriculum.models import ParameterChange
from improvement import decisions
from improvement.models import Adjustment, AdjustmentEvent, AutomaticBudget
from kpis.models import Measurement
from kpisite.jobs import cycle
from kpisite.tests.school_year import (
    BETTER,
    BORING,
    MEASURED_ON,
    WORSE,
    Story,
    Year,
    closing_day,
    proposal,
    school_year,
)
from notifications.delivery.deliver import LEASE
from notifications.models import Notification

pytestmark = pytest.mark.django_db

Outcome = dict[str, Any]


@dataclass(frozen=True)
class Plot:
    """What happens in a year: a story, and whether the rule decides or somebody approves."""

    story: Story
    mode: str = "automatic"
    is_approved: bool = False
    ends: str = "kept"


HELPS = Plot(BETTER)
HARMS = Plot(WORSE, ends="reverted")
BORES = Plot(BORING, ends="reverted")
APPROVED = Plot(BETTER, mode="propose", is_approved=True)
# bad in April only
HEALS = Plot(Story(bad=0.86, chance=-0.14), mode="propose", ends="withdrawn")
# in which year the worker dies before or after it has done what
DEATHS = [
    (HELPS, "after", "kpis.recompute.recompute_stale.recompute_stale"),
    (HELPS, "after", "alerts.evaluation.evaluate.write_alerts"),
    (HELPS, "after", "improvement.answer.propose_change"),
    (HELPS, "before", "improvement.answer.note_proposal"),
    (HELPS, "after", "improvement.answer.approve_within_budget"),
    (HEALS, "after", "improvement.decisions.withdraw"),
    (APPROVED, "before", "curriculum.parameters.apply"),
    (APPROVED, "after", "curriculum.parameters.apply"),
    (APPROVED, "after", "notifications.parameter_changes.enqueue"),
    (APPROVED, "before", "notifications.delivery.webhooks.send"),
    (APPROVED, "after", "notifications.delivery.webhooks.send"),
    (HELPS, "after", "improvement.effects.guard_worsened"),
    (BORES, "after", "improvement.watching._propose_revert"),
    (HELPS, "after", "improvement.effects.measure"),
    (HELPS, "after", "improvement.watching.record"),
    (HELPS, "after", "improvement.decisions.keep"),
    (HARMS, "before", "curriculum.parameters.revert"),
    (HARMS, "after", "curriculum.parameters.revert"),
]


def lives(plot: Plot) -> Outcome:
    """Live through a year with one course, and return what became of it."""
    AutomaticBudget.objects.update_or_create(pk=1, defaults={"changes_per_month": 5})
    with school_year(plot.story, courses=("py",), mode=plot.mode) as year:
        for day in (closing_day(4), date(2026, 5, 30), closing_day(5), MEASURED_ON):
            year.lives_until(day)
            finish(partial(cycle.run, year.now))
            if plot.is_approved and proposal().status == Adjustment.Status.PROPOSED:
                finish(lambda: decisions.approve(proposal(), None, now=year.now))
            deliver(year)
        if plot.is_approved:
            decisions.keep(proposal(), None, now=year.now)
        return outcome(year)


def finish(work: Callable[[], object]) -> None:
    """Work; if the worker is killed, another one does the same again."""
    try:
        work()
    except KeyboardInterrupt:
        process_cache.clear_all()
        work()


def deliver(year: Year) -> None:
    """Deliver what waits; what a killed worker was sending is sent when its lease has ended."""
    try:
        year.delivers()
    except KeyboardInterrupt:
        year.now += LEASE
        year.delivers()


def outcome(year: Year) -> Outcome:
    """Return the rows that the loop has written, without their ids."""
    made = proposal()
    found = {
        "adjustment": (made.status, made.version, made.effect, made.guard_looks,
                       made.guard_result, made.applies_from, made.watch_until, made.closed_at),
        "history": rows(AdjustmentEvent, "kind", "at", "reason"),
        "changes": rows(ParameterChange, "status", "old_value", "new_value", "effective_from"),
        "alert": rows(AlertEvent, "kind", "at", "reason", "notifies"),
        "figures": rows(Measurement, "kpi", "period_start", "n", "total"),
        "messages": rows(Notification, "state", "channel__kind", "payload__text"),
        "heard": heard(year),
        "taught": year.platform.items,
    }  # fmt: skip
    return {name: rounded(value) for name, value in found.items()}


def rounded(value: Any) -> Any:
    """Round what is inside, because PostgreSQL adds up in any order."""
    if isinstance(value, dict):
        return {name: rounded(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(one) for one in value]
    return round(value, 9) if isinstance(value, float) else value


def rows(model: Any, *fields: str) -> list[tuple[Any, ...]]:
    return sorted(model.objects.values_list(*fields), key=str)


def heard(year: Year) -> list[Any]:
    """Return each message once, as a platform does that goes by their keys."""
    posts = year.platform.sink.posts
    once = {headers["Idempotency-Key"]: at for at, (headers, _) in enumerate(posts)}
    return [year.platform.sink.body(at)["new"] for at in once.values()]


UNDISTURBED: dict[Plot, Outcome] = {}


def undisturbed(plot: Plot) -> Outcome:
    """Return what becomes of a year in which nobody dies, and undo it."""
    if plot not in UNDISTURBED:
        with transaction.atomic():
            UNDISTURBED[plot] = lives(plot)
            transaction.set_rollback(True)
        process_cache.clear_all()
    return UNDISTURBED[plot]


@contextmanager
def death(where: str, when: str) -> Iterator[list[str]]:
    """Kill the worker the first time that it comes to a function."""
    real = import_string(where)
    died: list[str] = []

    def dying(*given: Any, **named: Any) -> Any:
        if died:
            return real(*given, **named)
        died.append(where)
        if when == "after":
            real(*given, **named)
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(where, dying)
        yield died


@pytest.mark.parametrize(
    ("plot", "when", "where"), DEATHS, ids=[f"{when} {where}" for _, when, where in DEATHS]
)
def test_a_killed_worker_changes_nothing_in_the_year(plot: Plot, when: str, where: str) -> None:
    expected = undisturbed(plot)
    with death(where, when) as died:
        found = lives(plot)

    assert died
    assert found == expected
    assert found["adjustment"][0] == plot.ends
