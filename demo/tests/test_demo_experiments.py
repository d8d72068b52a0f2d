"""The demonstration's experiments follow from its raw rows, and are removed with them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import transaction
from django.test import override_settings
from pytest_django import DjangoDbBlocker, Settings

from accounts.models import User
from curriculum import parameters
from curriculum.models import Course, Enrollment, Parameter, ParameterChange
from demo import accounts, experiment_story
from demo.load import load, load_without_kpis
from demo.remove import remove
from demo.status import SENDER
from demo.world.experiment_plans import BY_KEY, PLANS, PRACTICE, REMINDERS, TUTORS, VIDEOS
from experiments.analysis.analyze import analyze
from experiments.drafts import PlannedMetric
from experiments.models import (
    Analysis,
    AnalysisResult,
    Assignment,
    Experiment,
    ExperimentEvent,
    Exposure,
    Layer,
    Metric,
    Variant,
)
from experiments.tests.trials import draft, start
from intake.models import Event, RejectedEvent

NOW = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)
DAY = timedelta(days=1)
# enough people for every path to be walked
FEW = 0.05
ITEMS = "module.practice-items"
PRIMARY = PlannedMetric(kpi="engagement.completion-rate", role=Metric.Role.PRIMARY)
CREATED = (
    Experiment, Variant, Assignment, Exposure, Analysis, AnalysisResult, ExperimentEvent, Layer,
)  # fmt: skip

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_folder(settings: Settings, tmp_path: Path) -> None:
    settings.KPI_DATA_DIR = tmp_path


@pytest.fixture(scope="class")
def _demonstration(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Load the experiments with all learners once for several tests, without the KPIs."""
    with django_db_blocker.unblock(), transaction.atomic():
        data = load_without_kpis(NOW)
        passwords = dict.fromkeys(("staff", "manager", "learner"), "secret")
        experiment_story.tell(NOW, accounts.create(data.journeys, passwords), SENDER)
        yield
        transaction.set_rollback(True)


def experiment(key: str) -> Experiment:
    return Experiment.objects.get(key=key)


def items_in(course: Course, at: datetime) -> Decimal:
    return parameters.effective([ITEMS], at=at, course=course)[ITEMS]


def last_analysis(key: str) -> Analysis:
    found = experiment(key).analyses.first()
    assert found is not None
    return found


def outcomes(key: str, role: str) -> list[str]:
    rows = last_analysis(key).results.filter(role=role, variant__is_control=False)
    return list(rows.values_list("outcome", flat=True))


@pytest.mark.once
@pytest.mark.usefixtures("_demonstration")
class TestLoaded:
    def test_there_is_one_of_each(self) -> None:
        states = {one.key: (one.state, one.verdict) for one in Experiment.objects.all()}

        assert states == {
            VIDEOS: ("running", ""),
            PRACTICE: ("decided", "ship"),
            REMINDERS: ("decided", "stop"),
            TUTORS: ("stopped", ""),
        }

    def test_the_last_analysis_of_each_says_so(self) -> None:
        says = {key: last_analysis(key).verdict for key in BY_KEY}

        assert says == {
            VIDEOS: "too-early", PRACTICE: "ship", REMINDERS: "stop", TUTORS: "invalid",
        }  # fmt: skip

    def test_each_has_kpis_of_all_roles(self) -> None:
        roles = [
            sorted(one.metrics.values_list("role", flat=True)) for one in Experiment.objects.all()
        ]

        assert all(one.count("primary") == 1 for one in roles)
        assert all(
            1 <= one.count(role) <= 2 for one in roles for role in ("secondary", "guardrail")
        )

    def test_the_running_one_has_a_curve(self) -> None:
        running = experiment(VIDEOS)

        assert running.method == Experiment.Method.SEQUENTIAL
        assert running.analyses.filter(results__effect__isnull=False).distinct().count() >= 6
        assert last_analysis(VIDEOS).night == NOW.date()
        assert running.layer is not None

    def test_the_shipped_value_is_in_force(self) -> None:
        for course in Course.objects.filter(key__in=BY_KEY[PRACTICE].courses):
            change = ParameterChange.objects.get(parameter__course=course, parameter__key=ITEMS)
            decided_at = experiment(PRACTICE).decided_at

            assert items_in(course, NOW) == change.new_value == BY_KEY[PRACTICE].value
            assert (change.old_value, change.decided_at) == (Decimal(10), decided_at)
            assert change.reason.startswith("Experiment “More practice before assessments”: ")
            assert change.shipped_by_experiment.experiment == experiment(PRACTICE)

    def test_the_shipped_one_is_better_and_its_guardrails_pass(self) -> None:
        assert outcomes(PRACTICE, "primary") == ["better"]
        assert outcomes(PRACTICE, "guardrail") == ["passes", "passes"]

    def test_the_stopped_one_is_worse(self) -> None:
        assert outcomes(REMINDERS, "primary") == ["worse"]
        assert not Parameter.objects.filter(key="reminder.interval").exclude(course=None).exists()

    def test_of_the_mismatch_too_few_exposures_are_reported_of_one_variant(self) -> None:
        found = last_analysis(TUTORS)

        assert found.sample_ratio_p is not None
        assert found.sample_ratio_p < 0.001
        assert found.exposed["four-hours"] < found.assigned["four-hours"] / 2
        assert found.exposed["control"] > found.assigned["control"] * 0.9

    def test_no_exposure_is_rejected(self) -> None:
        exposed = Event.objects.filter(kind="experiment.exposed", sender=SENDER.name)

        assert exposed.count() == Exposure.objects.count() > 500
        assert not RejectedEvent.objects.filter(kind="experiment.exposed").exists()

    def test_learners_react_to_the_variant_that_the_product_assigned(self) -> None:
        assigned = Assignment.objects.values_list("experiment__key", "learner__key", "variant__key")
        assert all(BY_KEY[key].variant_of(learner) == variant for key, learner, variant in assigned)

    def test_everybody_enrolled_before_the_assignment_and_was_exposed_after_it(self) -> None:
        for key, plan in BY_KEY.items():
            rows = Enrollment.objects.counted().filter(run__course__key__in=plan.courses)
            enrolled = rows.order_by("-enrolled_at").values_list("learner", "enrolled_at")
            since = experiment(key).started_at
            first = {pk: at for pk, at in enrolled if since and at >= since}
            assigned = dict(experiment(key).assignments.values_list("learner", "assigned_at"))
            exposed = dict(experiment(key).exposures.values_list("learner", "first_at"))

            assert all(first[pk] == at for pk, at in assigned.items())
            assert all(assigned[pk] <= at for pk, at in exposed.items())

    def test_the_same_rows_give_the_same_result(self) -> None:
        stored = last_analysis(PRACTICE)
        again = analyze(experiment(PRACTICE), now=NOW)

        assert sums(again) == sums(stored)


def sums(analysis: Analysis) -> list[tuple[object, ...]]:
    return list(analysis.results.order_by("pk").values_list("kpi", "n", "sums", "effect", "p"))


@pytest.mark.once
def test_removing_keeps_real_experiments() -> None:
    load(NOW, scale=FEW)
    User.objects.create_superuser("ada@example.com")
    real = start(draft("real", metrics=[PRIMARY]))
    assert Experiment.objects.count() == len(PLANS) + 1

    remove(NOW)

    assert [one.key for one in Experiment.objects.all()] == [real.key]
    others = [model for model in CREATED if model not in (Experiment, Variant, ExperimentEvent)]
    assert not any(model.objects.exists() for model in others)
    assert not Event.objects.exists()
    assert not ParameterChange.objects.exists()


def test_a_handful_of_learners_is_enough_to_load_and_remove_it() -> None:
    with override_settings(KPI_TIME_ZONE="Europe/Berlin"):
        load(NOW, scale=0.02)
        User.objects.create_superuser("ada@example.com")
        states = set(Experiment.objects.values_list("state", flat=True))
        remove(NOW)

    assert states == {"running", "stopped", "decided"}
    assert not any(model.objects.exists() for model in CREATED)


@pytest.mark.once
def test_a_course_that_another_sender_uses_has_the_ordinary_value_again() -> None:
    data = load_without_kpis(NOW, scale=FEW)
    passwords = dict.fromkeys(("staff", "manager", "learner"), "secret")
    experiment_story.tell(NOW, accounts.create(data.journeys, passwords), SENDER)
    course = Course.objects.get(key="customer-success")

    experiment_story.forget()

    assert items_in(course, NOW) == Decimal(10)
    assert not Parameter.objects.filter(key=ITEMS, course=course).exists()
