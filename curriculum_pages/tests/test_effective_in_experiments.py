"""The values in force for learners in an experiment."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from accounts.api_keys import create_api_key
from accounts.models import AccessRecord
from accounts.tests.people import account
from curriculum.models import CourseRun, Enrollment
from experiments import decisions, lifecycle
from experiments.models import Analysis, Assignment, Experiment, Exposure
from experiments.tests.trials import DAY, PASS_MARK, draft, enroll_many
from intake.models import Event
from kpis.tests import kernel
from kpis.tests.kernel import run_of

pytestmark = pytest.mark.django_db

PATH = "/api/curriculum/parameters/effective"


@pytest.fixture(autouse=True)
def _kpis(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel.declare(monkeypatch)


@pytest.fixture
def run() -> CourseRun:
    made = run_of("r1")
    enroll_many(made, 20, at=timezone.now() - 30 * DAY)
    return made


@pytest.fixture
def experiment(run: CourseRun) -> Experiment:
    end = (timezone.now() + 60 * DAY).date()
    return lifecycle.start(draft(courses=[run.course], planned_end=end), None)


@pytest.fixture
def lms() -> Client:
    _, secret = create_api_key("lms", ["curriculum:read"])
    return Client(headers={"Authorization": f"Bearer {secret}"})


def asked(learner: str, **more: str) -> dict[str, str]:
    return {"course": "py", "run": "r1", "learner": learner, **more}


def pass_mark(lms: Client, learner: str, **more: str) -> tuple[float, str]:
    found: list[dict[str, Any]] = lms.get(PATH, asked(learner, **more)).json()["parameters"]
    (one,) = [one for one in found if one["key"] == PASS_MARK]
    return one["value"], one["inherited_from"]


def in_variant(lms: Client, key: str) -> str:
    """Return a learner of a variant; everybody asks once."""
    for learner in Enrollment.objects.values_list("learner__key", flat=True):
        pass_mark(lms, learner)
    rows = Assignment.objects.filter(variant__key=key).order_by("pk")
    found: str = rows.values_list("learner__key", flat=True)[0]
    return found


def test_each_learner_gets_the_value_of_the_variant(lms: Client, experiment: Experiment) -> None:
    assert pass_mark(lms, in_variant(lms, "strict")) == (0.8, "experiment")
    assert pass_mark(lms, in_variant(lms, "control")) == (0.6, "site")
    assert not Exposure.objects.exists()


def test_a_start_a_stop_and_shipping_are_sent(lms: Client, run: CourseRun) -> None:
    end = (timezone.now() + 60 * DAY).date()
    made = draft(courses=[run.course], planned_end=end)
    learners = [f"L{at:06}" for at in range(20)]

    def tags() -> dict[str, str]:
        return {one: lms.get(PATH, asked(one))["ETag"] for one in learners}

    before = tags()
    started = lifecycle.start(made, None)
    strict = in_variant(lms, "strict")
    assert tags()[strict] != before[strict]
    Analysis.objects.create(
        experiment=started, computed_at=timezone.now(), through=timezone.now(), method="fixed",
        verdict="ship",
    )  # fmt: skip
    decisions.decide(
        started, None, verdict="ship", reason="It helps.",
        variant=started.variants.get(key="strict"),
    )  # fmt: skip

    assert set(tags().values()).isdisjoint(before.values())
    assert {pass_mark(lms, one) for one in learners} == {(0.8, "course")}


def test_the_values_vanish_with_the_stop(lms: Client, experiment: Experiment) -> None:
    strict = in_variant(lms, "strict")
    lifecycle.stop(experiment, None, reason="Done.")

    assert pass_mark(lms, strict) == (0.6, "site")


@pytest.mark.parametrize("variant", ["control", "strict"])
def test_a_learner_who_sees_the_values_is_exposed_once(
    lms: Client, experiment: Experiment, variant: str
) -> None:
    learner = in_variant(lms, variant)
    for _ in range(2):
        pass_mark(lms, learner, expose="1")

    found = Exposure.objects.get()
    assert found.learner is not None
    assert (found.learner.key, found.variant.key) == (learner, variant)
    assert Event.objects.get().kind == "experiment.exposed"


@pytest.mark.parametrize(
    ("more", "field"), [({"learner": "", "expose": "1"}, "learner"), ({"expose": "x"}, "expose")]
)
@pytest.mark.usefixtures("experiment")
def test_a_wrong_exposure_is_refused(lms: Client, more: dict[str, str], field: str) -> None:
    given = {name: value for name, value in (asked("L000001") | more).items() if value}
    response = lms.get(PATH, given)

    assert (response.status_code, response.json()["field"]) == (400, field)


@pytest.mark.usefixtures("experiment")
def test_a_cached_answer_takes_four_queries_and_a_304_two(
    lms: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        learner = in_variant(lms, "strict")
    tag = lms.get(PATH, asked(learner))["ETag"]
    with django_assert_num_queries(4):
        lms.get(PATH, asked(learner))
    with django_assert_num_queries(2):
        response = lms.get(PATH, asked(learner), headers={"If-None-Match": tag})
    assert response.status_code == 304


def test_who_looks_at_a_learners_values_is_recorded_but_not_a_learning_platform(
    lms: Client, run: CourseRun
) -> None:
    learner = Enrollment.objects.filter(run=run).earliest("pk").learner
    pass_mark(lms, learner.key)
    assert not AccessRecord.objects.exists()

    bo = Client()
    bo.force_login(account("Bo", grants=(run.course,)))
    pass_mark(bo, learner.key)
    record = AccessRecord.objects.get()
    assert (record.who, record.about) == ("bo@example.com", "curriculum.Learner")
    assert record.row == str(learner.pk)
