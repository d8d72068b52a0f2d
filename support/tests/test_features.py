"""How an enrollment stands at a day follows from what happened before that day alone."""

from __future__ import annotations

from dataclasses import fields
from datetime import date

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from curriculum.models import Enrollment, Pause
from support.prediction import loading
from support.prediction.features import NOTHING, Standings, standings_at
from support.prediction.formula import INPUTS
from support.prediction.rules import points_of, reasons_of
from support.tests.classes import (
    at_noon,
    class_of,
    completed,
    day_of,
    did,
    enroll,
    run_from,
    school,
    scored,
    was_active,
)

pytestmark = pytest.mark.django_db
START = date(2026, 3, 2)


def standing(day: int) -> Standings:
    """How the only enrollment stands on the morning of a day counted from its start."""
    loaded = loading.load(Enrollment.objects.all())
    return standings_at(loaded, loaded.begins + day)[np.array([True])]


def ada() -> Enrollment:
    return enroll(run_from(school(), START), "Ada")


def test_a_learner_without_activity_is_idle_since_the_start() -> None:
    ada()
    found = standing(10)

    assert found.last_active[0] == NOTHING
    assert found.idle_days[0] == 10
    assert reasons_of(found).never_started[0]


def test_idle_days_count_from_the_last_activity() -> None:
    was_active(ada(), 0, 3)

    # active on day 3, so idle on the days 4 to 9
    assert standing(10).idle_days[0] == 6
    assert not reasons_of(standing(10)).inactive[0]
    assert reasons_of(standing(11)).inactive[0]


def test_a_module_is_overdue_on_the_days_after_its_due_day() -> None:
    one = ada()
    did(one, 1)
    found = standing(18)

    # module 2 was due on day 14; days 15, 16 and 17 are over
    assert found.overdue_days[0] == 3
    assert found.overdue_module[0] == one.plan.get(position=2).module_id
    assert (found.due[0], found.done_of_due[0]) == (2, 1)
    assert reasons_of(found).behind[0]


def test_the_best_score_of_an_assessment_counts() -> None:
    one = ada()
    scored(one, 0.2, 3)
    assert standing(5).failed[0] == 1
    scored(one, 0.8, 6)

    assert standing(5).failed[0] == 1
    assert standing(7).failed[0] == 0
    assert standing(7).mean_score[0] == 0.8


def test_a_regraded_score_is_known_from_its_regrade_on() -> None:
    one = ada()
    scored(one, 0.9, 3)
    one.results.update(regraded_at=at_noon(day_of(one, 20)))

    assert standing(10).results[0] == 0
    assert standing(21).results[0] == 1


def test_a_pause_moves_what_is_due_once_it_has_begun() -> None:
    one = ada()
    began, ended = at_noon(day_of(one, 5)), at_noon(day_of(one, 15))
    Pause.objects.create(enrollment=one, started_at=began, ended_at=ended)

    assert not standing(10).is_open[0]
    # module 1 was due on day 7 and is due ten days later, on day 17
    assert standing(17).due[0] == 0
    assert standing(18).due[0] == 1


def test_nothing_that_happens_later_changes_how_an_enrollment_stood() -> None:
    run = run_from(school(), START)
    class_of(run, 12, seed=1, until=28)
    before = standings_of_all(28)
    late = Enrollment.objects.filter(completed_at=None).order_by("pk")
    for one in late[:6]:
        was_active(one, 28, 29, 40)
        scored(one, 0.1, 30)
        completed(one, 50)
    Pause.objects.create(enrollment=late[0], started_at=at_noon(day_of(late[0], 30)))
    late.filter(pk=late[1].pk).update(withdrawn_at=at_noon(day_of(late[1], 33)))
    after = standings_of_all(28)

    for column in (field.name for field in fields(Standings)):
        assert np.array_equal(getattr(before, column), getattr(after, column)), column


def standings_of_all(day: int) -> Standings:
    loaded = loading.load(Enrollment.objects.all())
    return standings_at(loaded, loaded.begins + day)


def test_left_completed_and_finished_enrollments_are_not_open() -> None:
    one = ada()
    assert standing(20).is_open[0]
    completed(one, 18)

    assert standing(18).is_open[0]
    assert not standing(20).is_open[0]
    assert not standing(80).is_open[0]


def test_points_add_up_by_the_table_of_the_docs() -> None:
    one = ada()
    was_active(one, 1)
    did(one, 1)
    scored(one, 0.1, 2)

    # day 22: idle for two weeks (2), seven days behind (1), one failed (1); one of three done (2)
    assert points_of(standing(22))[0] == 2 + 1 + 1 + 2


def test_loading_takes_five_queries_and_reads_nothing_about_the_person() -> None:
    class_of(run_from(school(), START), 3, seed=2)
    with CaptureQueriesContext(connection) as queries:
        loading.load(Enrollment.objects.counted())

    assert len(queries) == 5
    columns = ("name", "email", "key", "user_id")
    for query in queries:
        assert not [one for one in columns if f'"curriculum_learner"."{one}"' in query["sql"]]
        assert "accounts_user" not in query["sql"]


def test_a_chance_depends_on_what_learners_do_and_on_the_course_alone() -> None:
    assert set(INPUTS) == {
        *("idle_days", "active_days", "active_days_of_week", "active_days_of_month"),
        *("never_active", "days_enrolled_before", "modules_done", "modules_overdue"),
        *("overdue_days", "mean_delay", "mean_score", "last_score", "course"),
    }


def test_no_history_is_an_empty_one() -> None:
    loaded = loading.load(Enrollment.objects.none())

    assert len(loaded) == 0
    assert len(standings_at(loaded, loaded.begins + 7).days) == 0


def test_facts_of_enrollments_that_came_while_loading_are_left_out() -> None:
    run = run_from(school(), START)
    one, other = enroll(run, "Ada"), enroll(run, "Bo")
    was_active(one, 1)
    was_active(other, 2, 3)
    both = Enrollment.objects.order_by().values("pk")
    found = loading._activity(np.array([one.pk]), both)

    assert (found.row.tolist(), found.day.tolist()) == ([0], [day_of(one, 1).toordinal()])
