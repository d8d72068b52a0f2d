"""Standings are brought up to date every hour, for the learners of running runs only."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from curriculum.models import Enrollment, Learner
from support.models import Ranking, Standing
from support.ranking import rank
from support.reasons import advice, reasons
from support.tests.classes import (
    NOW,
    at_noon,
    class_of,
    completed,
    did,
    enroll,
    run_from,
    school,
    scored,
    was_active,
)
from support.training import train

pytestmark = pytest.mark.django_db
# NOW is day 22, 1 July
START = date(2026, 6, 9)


def sentences(one: Enrollment) -> list[str]:
    standing = Standing.objects.get(enrollment=one)
    with override("en"):
        return [reason.sentence for reason in reasons(standing)]


def test_reasons_are_told_in_words() -> None:
    run = run_from(school(), START)
    ada, bo, cleo = (enroll(run, name) for name in ("Ada", "Bo", "Cleo"))
    was_active(ada, 21, 22)
    did(ada, 3)
    was_active(bo, 2)
    did(bo, 1)
    scored(bo, 0.3, 3)
    rank(NOW)

    assert sentences(ada) == []
    # module 2 was due on day 14 (23 June)
    assert sentences(bo) == [
        "Inactive since 11 Jun 2026.",
        "8 days behind the plan: “Module 2” is overdue.",
        "Not passed: “Exam” (30 of 100).",
        "Has done 1 of the 3 modules due so far.",
    ]
    assert sentences(cleo)[0] == "Never started, 3 weeks after the start."
    # Cleo: never there 3, two weeks late 2, little done 2; Bo: idle for two weeks 2, late 1,
    # failed 1, little done 2
    points = dict(Standing.objects.values_list("enrollment", "points"))
    assert points == {cleo.pk: 7, bo.pk: 6, ada.pk: 0}
    assert list(Standing.objects.values_list("enrollment", flat=True)) == [cleo.pk, bo.pk, ada.pk]
    assert "offer help with the start" in advice(Standing.objects.get(enrollment=cleo))


def test_only_open_enrollments_of_running_runs_have_a_standing() -> None:
    made = school()
    run, old = run_from(made, START), run_from(made, date(2026, 1, 5))
    ada, bo, cleo, dora, test = (enroll(run, name) for name in ("Ada", "Bo", "Cleo", "Dora", "T"))
    enroll(old, "Ada")
    completed(bo, 20)
    Enrollment.objects.filter(pk=cleo.pk).update(withdrawn_at=at_noon(date(2026, 6, 20)))
    Enrollment.objects.filter(pk=dora.pk).update(due_at=None)
    Learner.objects.filter(pk=test.learner_id).update(kind="test")
    rank(NOW)

    assert list(Standing.objects.values_list("enrollment", flat=True)) == [ada.pk]
    assert Ranking.objects.get().as_of == NOW


def test_ranking_again_writes_only_what_differs() -> None:
    class_of(run_from(school(), START), 12, seed=3, until=20)
    rank(NOW)
    with CaptureQueriesContext(connection) as queries:
        rank(NOW)

    writes = [one["sql"] for one in queries if one["sql"].startswith(("INSERT", "UPDATE"))]
    assert not [one for one in writes if "support_standing" in one]


def test_who_completes_leaves_the_list() -> None:
    run = run_from(school(), START)
    ada = enroll(run, "Ada")
    rank(NOW)
    completed(ada, 21)
    rank(NOW + timedelta(hours=1))

    assert not Standing.objects.exists()


def test_a_model_takes_the_place_of_the_rules() -> None:
    made = school()
    for seed, day in enumerate((date(2025, 9, 1), date(2026, 1, 5), date(2026, 3, 2))):
        class_of(run_from(made, day), 80, seed=seed)
    run = run_from(made, START)
    ada, bo = enroll(run, "Ada"), enroll(run, "Bo")
    was_active(ada, *range(23))
    did(ada, 3)
    was_active(bo, 0)
    model = train(NOW)
    rank(NOW)
    chance = dict(Standing.objects.values_list("enrollment", "score"))

    assert Ranking.objects.get().model == model
    assert chance[ada.pk] < 0.3
    assert chance[bo.pk] > 0.7


def test_ranking_takes_as_many_queries_for_one_learner_as_for_thirty() -> None:
    run = run_from(school(), START)
    enroll(run, "Ada")
    rank(NOW)
    Standing.objects.all().delete()
    with CaptureQueriesContext(connection) as few:
        rank(NOW)
    Standing.objects.all().delete()
    class_of(run, 30, seed=4, until=20)
    with CaptureQueriesContext(connection) as many:
        rank(NOW)

    assert len(few) == len(many)


def test_a_site_without_learners_is_ranked() -> None:
    assert rank(NOW) == 0
    assert Ranking.objects.exists()
