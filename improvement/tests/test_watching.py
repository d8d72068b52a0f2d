"""After the decision: guard KPIs are looked at, the effect is measured, and somebody decides."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from alerts.models import AlertEvent
from alerts.tests.alerting import add_rule, add_target, closing
from curriculum.models import Enrollment
from improvement import decisions, effects, watching
from improvement.answer import answer
from improvement.models import Adjustment, AutomaticBudget
from improvement.tests.answering import adjustment_rule, history, month, on, proposed, value_in
from improvement.tests.changed_course import CHANGED_AT, MEASURED_AT, plan_days
from improvement.watching import planned_looks, watch
from kpis.tests.kernel import PLANNED, STARTED, run_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("few_kpis")]

DAY = timedelta(days=1)


def changed(after: int, **how: Any) -> Adjustment:
    """Return an approved change of a course in which 6 of 10 modules were long before."""
    run = run_of("r1")
    plan_days(
        run,
        {
            (date(2026, 3, 1), date(2026, 4, 10)): (10, 6),
            (date(2026, 4, 10), date(2026, 6, 12)): (10, after),
        },
    )
    add_target(kpi=PLANNED)
    adjustment_rule(add_rule(PLANNED, course=run.course), **how)
    month("2026-03", 60, run.course, n=310)
    answer(closing("2026-03"))
    made = Adjustment.objects.get()
    if made.status == "proposed":
        decisions.approve(made, None, applies_from=CHANGED_AT, now=CHANGED_AT - DAY)
    return refreshed(made)


def refreshed(made: Adjustment) -> Adjustment:
    made.refresh_from_db()
    return made


def test_nothing_to_follow_costs_one_query() -> None:
    with CaptureQueriesContext(connection) as asked:
        assert watch(MEASURED_AT) == 0

    assert len(asked) == 1


def test_the_effect_is_measured_once_its_days_have_closed() -> None:
    made = changed(8)
    watch(made.watch_until)
    assert refreshed(made).effect is None
    watch(MEASURED_AT)
    made = refreshed(made)

    assert made.effect is not None
    assert made.effect["outcome"] == "improved"
    assert (made.status, made.revert_proposed_at) == ("watched", None)
    assert history(made) == ["proposed", "approved", "began", "measured"]
    assert watch(MEASURED_AT + DAY) == 0


def test_a_harmful_change_proposes_its_revert() -> None:
    made = changed(4)
    watch(MEASURED_AT)
    made = refreshed(made)

    assert made.effect is not None
    assert made.effect["outcome"] == "worsened"
    assert made.revert_proposed_at == MEASURED_AT
    assert AlertEvent.objects.filter(kind="proposed", reason__startswith="Revert ").exists()


def test_guard_kpis_are_looked_at_every_week(ada: User) -> None:
    made = changed(8, guard_kpis=[STARTED], watch_days=28)
    assert planned_looks(made) == 4
    watch(CHANGED_AT + 6 * DAY)
    assert refreshed(made).guard_looks == 0
    watch(CHANGED_AT + 15 * DAY)
    assert refreshed(made).guard_looks == 2

    assert history(made) == ["proposed", "approved", "began"]


def test_a_guard_kpi_that_gets_worse_proposes_the_revert_at_once(ada: User) -> None:
    made = changed(8, guard_kpis=[STARTED])
    complete_before_the_change(made)
    watch(CHANGED_AT + 22 * DAY)
    made = refreshed(made)

    assert made.guard_result is not None
    assert made.guard_result["kpi"] == STARTED
    assert made.revert_proposed_at == CHANGED_AT + 22 * DAY
    assert (made.status, history(made)[-1]) == ("watched", "worsened")
    decisions.revert(made, ada, reason="Agreed", now=CHANGED_AT + 23 * DAY)
    assert refreshed(made).status == "reverted"


def complete_before_the_change(made: Adjustment) -> None:
    """Everybody who started before the change completes, and nobody who started after it."""
    rows = Enrollment.objects.filter(started_at__lt=CHANGED_AT)
    rows.update(completed_at=CHANGED_AT)


def test_automatic_changes_are_kept_or_reverted_without_a_person() -> None:
    AutomaticBudget.objects.create(pk=1, changes_per_month=5)
    made = changed(4, mode="automatic")
    assert made.is_automatic
    watch(MEASURED_AT + 30 * DAY)
    made = refreshed(made)

    assert made.status == "reverted"
    assert made.course is not None
    assert value_in(made.course, MEASURED_AT + 31 * DAY) == float(made.old_value)


def test_a_module_deleted_while_watching_ends_the_watching() -> None:
    made = changed(8)
    assert made.course is not None
    made.course.delete()
    watch(on("2026-05-01"))
    made = refreshed(made)

    assert (made.status, made.place, made.course) == ("replaced", "Py", None)


@pytest.mark.parametrize("killed_in", ["record", "note_proposal", "measure"])
def test_a_worker_killed_in_a_step_changes_nothing_in_the_outcome(
    monkeypatch: pytest.MonkeyPatch, killed_in: str
) -> None:
    made = changed(4)
    with monkeypatch.context() as dying:
        die_in(dying, killed_in)
        with pytest.raises(KeyboardInterrupt):
            watch(MEASURED_AT)
    watch(MEASURED_AT)
    made = refreshed(made)

    assert made.status == "watched"
    assert history(made) == ["proposed", "approved", "began", "measured"]
    assert AlertEvent.objects.filter(reason__startswith="Revert ").count() == 1


def die_in(dying: pytest.MonkeyPatch, name: str) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    dying.setattr(effects if name == "measure" else watching, name, killed)


def test_proposals_wait_as_long_as_it_takes() -> None:
    proposed()

    assert watch(on("2027-05-01")) == 0
    assert Adjustment.objects.get().status == "proposed"
