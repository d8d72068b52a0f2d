"""A model is made from enrollments that are over, and used if it is better than the rules."""

from __future__ import annotations

import json
from datetime import date, timedelta

import numpy as np
import pytest
from django.db.models import F

from curriculum.models import Course, CourseRun, Enrollment
from support import training
from support.models import ChanceModel
from support.prediction import loading
from support.prediction.examples import examples_of
from support.prediction.features import standings_at
from support.prediction.formula import Formula
from support.prediction.quality import auc, calibration_error
from support.tests.classes import NOW, class_of, run_from, school
from support.training import train, train_if_due

pytestmark = pytest.mark.django_db
FIRST, SECOND, THIRD = date(2025, 9, 1), date(2026, 1, 5), date(2026, 3, 2)


def finished_classes(size: int = 90) -> list[CourseRun]:
    made = school()
    runs = [run_from(made, day) for day in (FIRST, SECOND, THIRD)]
    for seed, run in enumerate(runs):
        class_of(run, size, seed=seed)
    return runs


def test_a_model_ranks_later_learners_better_than_the_rules() -> None:
    finished_classes()
    model = train(NOW)

    assert model is not None
    assert model.is_used
    assert (model.enrollments, model.runs, model.tested_enrollments) == (270, 3, 90)
    found = model.quality["all"]["0"]
    assert found["learners"] == 90
    assert found["auc"] > max(0.8, found["rules_auc"])
    assert found["calibration_error"] < 0.1


def test_chances_are_those_of_the_stored_numbers_alone() -> None:
    finished_classes()
    model = train(NOW)
    assert model is not None
    model.refresh_from_db()
    formula = Formula.of_json(json.loads(json.dumps(model.formula)))
    assert formula is not None
    loaded = loading.load(Enrollment.objects.all())
    standings = standings_at(loaded, loaded.begins + 42)
    chances = formula.chances(standings, loaded.courses)
    unfinished = loaded.completed > loaded.due
    is_open = standings.is_open

    assert ((chances > 0) & (chances < 1)).all()
    assert chances[is_open & unfinished].mean() > 2 * chances[is_open & ~unfinished].mean()


def test_a_formula_of_other_inputs_is_not_used() -> None:
    assert Formula.of_json({"inputs": ["age"]}) is None


def test_the_same_facts_make_the_same_model() -> None:
    finished_classes(70)
    first, second = train(NOW), train(NOW)

    assert first is not None
    assert second is not None
    assert first.formula == second.formula
    assert first.quality == second.quality


def test_few_enrollments_make_no_model() -> None:
    finished_classes(60)

    assert train(NOW) is None
    assert not ChanceModel.objects.exists()


def test_learners_who_all_finish_make_no_model() -> None:
    finished_classes()
    Enrollment.objects.update(completed_at=F("due_at"))

    assert train(NOW) is None


def test_a_site_without_enrollments_makes_no_model() -> None:
    assert train_if_due(NOW) is None


def test_a_model_worse_than_the_rules_is_kept_but_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    finished_classes(70)
    monkeypatch.setattr(training, "WORST_CALIBRATION", -1.0)
    model = train(NOW)

    assert model is not None
    assert model.usable_formula is None


def test_a_model_is_made_once_a_week_and_only_if_a_run_has_finished() -> None:
    finished_classes(70)
    soon, later = NOW + timedelta(days=3), NOW + timedelta(days=8)

    assert train_if_due(NOW) is not None
    assert train_if_due(soon) is None
    assert train_if_due(later) is None
    class_of(run_from(school_again(), date(2026, 4, 27), "new"), 20, seed=9)
    assert train_if_due(soon) is None
    assert train_if_due(later) is not None


def school_again() -> Course:
    return CourseRun.objects.earliest("pk").course


def test_old_models_are_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "KEPT", 2)
    finished_classes(70)
    made = [train(NOW + timedelta(days=day)) for day in range(3)]

    assert set(ChanceModel.objects.all()) == set(made[1:])


def test_a_model_is_never_changed() -> None:
    finished_classes(70)
    model = train(NOW)
    assert model is not None

    with pytest.raises(TypeError, match="never changed"):
        model.save()


def test_the_latest_cohorts_are_tested_and_never_all_of_them() -> None:
    runs = finished_classes(20)
    examples = examples_of(loading.load(Enrollment.objects.all()))
    tested = training._latest_cohorts(examples)
    third = Enrollment.objects.filter(run=runs[2]).values_list("pk", flat=True)

    assert set(examples.enrollment[tested].tolist()) == set(third)


def test_calibration_error_is_the_weighted_difference_of_the_bins() -> None:
    # bin 0.2–0.3: chance 0.25, one of two did; bin 0.9–1: chance 0.9, both did
    outcome = np.array([True, False, True, True])
    chances = np.array([0.25, 0.25, 0.9, 0.9])

    assert calibration_error(outcome, chances) == pytest.approx(0.5 * 0.25 + 0.5 * 0.1)
    assert auc(outcome, np.array([0.5, 0.1, 0.7, 0.9])) == 1
    assert auc(np.array([True]), np.array([0.5])) is None
