"""Who gets which variant."""

from __future__ import annotations

import math
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import transaction
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from curriculum import parameters
from curriculum.models import CourseRun, Learner, Module
from curriculum.parameters import ParameterScope, Question
from experiments import deviations, forcing, lifecycle
from experiments.assignment import assign, assign_runs, bucket, cached, position
from experiments.drafts import PlannedVariant
from experiments.models import Assignment, Experiment, Layer
from experiments.tests.trials import (
    CONTROL,
    DAY,
    PASS_MARK,
    STARTED_AT,
    STRICT,
    draft,
    enroll_many,
    start,
)
from kpis.tests.kernel import run_of

pytestmark = pytest.mark.django_db
NOW = STARTED_AT + DAY
MANY = 1_000_000


@pytest.fixture(autouse=True)
def _kpis(few_kpis: None) -> None: ...


def shares(positions: list[float], parts: int = 100) -> list[int]:
    counts = Counter(int(one * parts) for one in positions)
    return [counts[part] for part in range(parts)]


def chi_square(counts: list[int]) -> float:
    expected = sum(counts) / len(counts)
    return sum((one - expected) ** 2 / expected for one in counts)


def is_plausible(statistic: float, freedom: int) -> bool:
    """Whether a χ² is within four standard deviations of its mean."""
    return abs(statistic - freedom) < 4 * math.sqrt(2 * freedom)


@pytest.mark.once
def test_a_million_positions_are_uniform_and_independent_between_experiments() -> None:
    one = [position("a", "longer", f"learner-{number}") for number in range(MANY)]
    other = [position("b", "stricter", f"learner-{number}") for number in range(MANY)]
    together = Counter((int(a * 10), int(b * 10)) for a, b in zip(one, other, strict=True))

    assert all(0 <= at < 1 for at in one)
    assert is_plausible(chi_square(shares(one)), 99)
    assert is_plausible(chi_square(shares(other)), 99)
    assert is_plausible(chi_square([*together.values()]), 99)


def test_a_position_is_the_published_function() -> None:
    # SHA-256 of "seed␟longer␟ada"
    assert position("seed", "longer", "ada") == pytest.approx(0.8810140, abs=1e-7)


def test_a_variant_has_the_part_of_its_weight() -> None:
    ends = [0.2, 0.7, 1.0]

    assert [bucket(at, ends) for at in (0, 0.1999, 0.2, 0.69, 0.7, 0.9999)] == [0, 0, 1, 1, 2, 2]


def counts(experiment: Experiment) -> dict[str, int]:
    rows = Assignment.objects.filter(experiment=experiment).values_list("variant__key", flat=True)
    return dict(Counter(rows))


def test_learners_of_the_audience_are_assigned_once(run: CourseRun) -> None:
    ada, bo, *_ = learners = enroll_many(run, 1000)
    cleo = Learner.objects.create(key="cleo")
    experiment = start(draft(courses=[run.course]))
    found = assign([one.pk for one in [*learners, cleo]], now=NOW)
    again = assign([ada.pk, bo.pk], now=NOW + DAY)

    assert cleo.pk not in found
    assert again == {one.pk: found[one.pk] for one in (ada, bo)}
    assert sum(counts(experiment).values()) == 1000
    assert abs(counts(experiment)["control"] - 500) < 64
    assert set(Assignment.objects.values_list("assigned_at", flat=True)) == {NOW}


def test_assigned_learners_stay_when_the_weights_change(run: CourseRun) -> None:
    learners = [one.pk for one in enroll_many(run, 500)]
    experiment = start(draft(courses=[run.course]))
    before = {pk: placed[0].variant for pk, placed in assign(learners, now=NOW).items()}
    weights = {"control": Decimal("0.1"), "strict": Decimal("0.9")}
    deviations.edit_running(experiment, None, {"weights": weights}, reason="Costs.", now=NOW)
    late = [one.pk for one in enroll_many(run, 500, prefix="M")]
    after = assign([*learners, *late], now=NOW)

    assert {pk: after[pk][0].variant for pk in learners} == before
    assert Counter(after[pk][0].variant for pk in late)["strict"] > 420


def test_a_larger_weight_takes_units_from_the_next_variant_only() -> None:
    positions = [position("seed", "x", str(number)) for number in range(10_000)]
    before = [bucket(at, [0.5, 1]) for at in positions]
    after = [bucket(at, [0.6, 1]) for at in positions]

    moved = {(a, b) for a, b in zip(before, after, strict=True) if a != b}
    assert moved == {(1, 0)}


def test_experiments_of_a_layer_exclude_each_other(run: CourseRun) -> None:
    learners = [one.pk for one in enroll_many(run, 600)]
    layer = Layer.objects.create(name="Deadlines", seed="layer")
    parts = {"first": ("0", "0.5"), "second": ("0.5", "1")}
    for key, (begin, end) in parts.items():
        start(
            draft(
                key,
                courses=[run.course],
                layer=layer,
                layer_from=Decimal(begin),
                layer_to=Decimal(end),
            )
        )
    placed = assign(learners, now=NOW)
    of_each = [[one.experiment.key for one in placed[pk] if one.variant] for pk in learners]

    assert {len(keys) for keys in of_each} == {1}
    assert abs(sum(keys == ["first"] for keys in of_each) - 300) < 50


def test_the_holdout_has_no_variant(run: CourseRun) -> None:
    learners = [one.pk for one in enroll_many(run, 1000)]
    start(draft(courses=[run.course], holdout=Decimal("0.2")))
    found = assign(learners, now=NOW)

    without = sum(placed[0].variant is None for placed in found.values())
    assert abs(without - 200) < 51
    assert Assignment.objects.count() == 1000 - without


def test_a_forced_variant_replaces_chance(run: CourseRun) -> None:
    ada, bo = enroll_many(run, 2)
    staff = Learner.objects.create(key="staff", kind=Learner.Kind.STAFF)
    experiment = start(draft(courses=[run.course]))
    assign([ada.pk, bo.pk], now=NOW)
    strict = experiment.variants.get(key="strict")
    for one in (ada, bo, staff):
        forcing.force(experiment, one, strict, None, reason="To try it out.")
    found = assign([ada.pk, bo.pk, staff.pk], now=NOW)

    assert {placed[0].variant for placed in found.values()} == {"strict"}
    assert len(found) == 3


def test_runs_are_assigned_with_all_their_learners(run: CourseRun) -> None:
    other = run_of("r2")
    ada, bo = enroll_many(run, 2)
    (cy,) = enroll_many(other, 1, prefix="C")
    experiment = start(draft(courses=[run.course], unit="run"))
    found = assign([ada.pk, bo.pk, cy.pk], now=NOW)

    assert found[ada.pk] == found[bo.pk]
    assert found[cy.pk][0].run_id == other.pk
    variants = dict(Assignment.objects.values_list("run", "variant__key"))
    assert variants[run.pk] == found[ada.pk][0].variant
    assert assign_runs([run.pk, other.pk]) == {
        (experiment.pk, one.run_id): one.variant_id for one in Assignment.objects.all()
    }


def test_only_learners_who_enroll_after_the_start_may_be_wanted(run: CourseRun) -> None:
    (old,) = enroll_many(run, 1)
    (new,) = enroll_many(run, 1, at=STARTED_AT + DAY / 2, prefix="N")
    start(draft(courses=[run.course], only_new=True))

    assert set(assign([old.pk, new.pk], now=NOW)) == {new.pk}


def test_an_audience_whose_course_is_deleted_does_not_become_the_whole_site(run: CourseRun) -> None:
    other = run_of("s1", course="sql")
    (ada,) = enroll_many(other, 1)
    enroll_many(run, 1, prefix="B")
    start(draft(courses=[run.course]))
    run.course.delete()

    assert assign([ada.pk], now=NOW) == {}


def strict_learner(learners: list[Learner]) -> Learner:
    placed = assign([one.pk for one in learners], now=NOW)
    return next(one for one in learners if placed[one.pk][0].variant == "strict")


def value_for(learner: Learner, run: CourseRun, at: datetime = NOW, **scope: int) -> Decimal:
    place = ParameterScope(course_id=run.course_id, run_id=run.pk, **scope)
    question = Question(key=PASS_MARK, at=at, scope=place, learner_id=learner.pk)
    return parameters.effective_values([question])[question]


def test_the_values_in_force_are_those_of_the_variant_until_the_stop(run: CourseRun) -> None:
    learners = enroll_many(run, 20)
    experiment = start(draft(courses=[run.course]))
    one = strict_learner(learners)
    other = run_of("s1", course="sql")

    assert value_for(one, run) == Decimal("0.8")
    assert value_for(one, other) == Decimal("0.6")
    lifecycle.stop(experiment, None, reason="Done.", now=NOW + DAY)
    assert value_for(one, run, NOW + DAY) == Decimal("0.6")
    # what applied then does not change afterwards
    assert value_for(one, run, NOW) == Decimal("0.8")


def test_the_value_of_a_module_applies_there_alone(run: CourseRun) -> None:
    first, second = run.course.modules.all()
    learners = enroll_many(run, 20)
    start(draft(courses=[run.course], variants=(CONTROL, strict_in(first))))
    one = strict_learner(learners)

    assert value_for(one, run, module_id=first.pk) == Decimal("0.9")
    assert value_for(one, run, module_id=second.pk) == Decimal("0.6")
    assert value_for(one, run) == Decimal("0.6")


def strict_in(module: Module) -> PlannedVariant:
    return replace(STRICT, values=(replace(STRICT.values[0], module=module, value=Decimal("0.9")),))


def test_assignments_that_are_rolled_back_are_not_answered_from_the_cache(run: CourseRun) -> None:
    (ada,) = enroll_many(run, 1)
    start(draft(courses=[run.course]))
    with suppress(OSError), transaction.atomic():
        cached.placements_of([ada.pk], now=NOW)
        raise OSError
    cached.placements_of([ada.pk], now=NOW)

    assert Assignment.objects.get().learner == ada


def test_cached_placements_take_one_query(
    run: CourseRun,
    django_assert_num_queries: DjangoAssertNumQueries,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    ids = [one.pk for one in enroll_many(run, 5)]
    experiment = start(draft(courses=[run.course]))
    with django_capture_on_commit_callbacks(execute=True):
        first = cached.placements_of(ids, now=NOW)
    with django_assert_num_queries(1):
        again = cached.placements_of(ids, now=NOW)

    assert again == first
    lifecycle.stop(experiment, None, reason="Done.", now=NOW)
    assert cached.placements_of(ids, now=NOW) == {}


def test_without_a_cache_the_answer_is_the_same(
    run: CourseRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [one.pk for one in enroll_many(run, 5)]
    start(draft(courses=[run.course]))
    first = cached.placements_of(ids, now=NOW)

    def fail(*_: object) -> None:
        raise OSError("no Valkey")

    monkeypatch.setattr(cache, "get_many", fail)
    monkeypatch.setattr(cache, "set_many", fail)
    assert cached.placements_of(ids, now=NOW) == first


@pytest.mark.parametrize("number", [10, 1000])
def test_many_learners_take_as_many_queries_as_few(
    run: CourseRun, number: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ids = [one.pk for one in enroll_many(run, number)]
    start(draft(courses=[run.course]))
    assign([], now=NOW)
    with django_assert_num_queries(7):
        assign(ids, now=NOW)
