"""Assignments and exposures for learning platforms, and the power calculator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.api_keys import create_api_key
from accounts.models import AccessRecord, CourseGrant, User
from curriculum.models import CourseRun
from experiments.drafts import PlannedValue
from experiments.models import Assignment, Experiment, Exposure
from experiments.tests.bearers import READ, SMALL, bearing, signed_in
from experiments.tests.outcomes import start_in
from experiments.tests.trials import (
    CONTROL,
    DAY,
    STARTED_AT,
    STRICT,
    draft,
    enroll_many,
    start,
)
from kpis.tests.kernel import BOTH, STARTED, run_of

pytestmark = pytest.mark.django_db

ASSIGNMENTS, EXPOSURES = "/api/experiments/assignments", "/api/experiments/exposures"
POWER = "/api/experiments/power"
SEND = "events:write"
NOW = STARTED_AT + DAY


@pytest.fixture(autouse=True)
def _one_day_after_the_start(few_kpis: None) -> Iterator[None]:
    with patch("django.utils.timezone.now", return_value=NOW):
        yield


@pytest.fixture
def run() -> CourseRun:
    made = run_of("r1")
    enroll_many(made, 5)
    return made


def posted(client: Client, path: str, body: Any) -> tuple[int, Any]:
    response = client.post(path, body, content_type="application/json")
    return response.status_code, response.json()


# assignments


def test_asking_assigns_once_and_does_not_expose(run: CourseRun) -> None:
    start(draft(courses=[run.course]))
    client = bearing(READ)
    first = client.get(f"{ASSIGNMENTS}?learner=L000001").json()
    (one,) = first["assignments"]

    assert client.get(f"{ASSIGNMENTS}?learner=L000001").json() == first
    assert (one["learner"], one["experiment"]) == ("L000001", "strict-marks")
    assert one["variant"] == Assignment.objects.get().variant.key
    assert (one["course"], one["run"]) == (None, None)
    assert not Exposure.objects.exists()


def test_many_learners_are_assigned_at_once(
    run: CourseRun, django_assert_max_num_queries: Any
) -> None:
    start(draft(courses=[run.course]))
    keys = [one.key for one in enroll_many(run, 300, prefix="M")]
    client = bearing(READ)
    with django_assert_max_num_queries(25):
        status, found = posted(client, ASSIGNMENTS, {"learners": [*keys, "nobody"]})

    assert (status, found["unknown"]) == (200, ["nobody"])
    assert [one["learner"] for one in found["assignments"]] == keys
    assert {one["variant"] for one in found["assignments"]} == {"control", "strict"}
    assert AccessRecord.objects.get().count == len(keys)  # nobody is not somebody who was seen


def test_a_run_that_is_assigned_is_named(run: CourseRun) -> None:
    start(draft(courses=[run.course], unit=Experiment.Unit.RUN))
    (one,) = bearing(READ).get(f"{ASSIGNMENTS}?learner=L000001").json()["assignments"]

    assert (one["course"], one["run"]) == ("py", "r1")


def test_a_limited_key_sees_only_learners_and_experiments_of_its_courses(run: CourseRun) -> None:
    start(draft(courses=[run.course]))
    start(draft("everywhere", layer=None, variants=draft_variants("tutor.hours")))
    there = run_of("r1", course="sql")
    enroll_many(there, 1, prefix="S")
    client = bearing(READ, courses=(run.course,))
    found = client.get(f"{ASSIGNMENTS}?learner=L000001").json()["assignments"]

    assert [one["experiment"] for one in found] == ["strict-marks"]
    assert client.get(f"{ASSIGNMENTS}?learner=S000000").status_code == 400


def draft_variants(parameter: str) -> Any:
    value = PlannedValue(parameter_key=parameter, value=Decimal(5))
    return (CONTROL, replace(STRICT, values=(value,)))


@pytest.mark.parametrize("query", ["", "?learner=nobody", "?learner=a%00b", "?learner=", "?who=x"])
def test_a_wrong_question_about_assignments(run: CourseRun, query: str) -> None:
    assert bearing(READ).get(ASSIGNMENTS + query).status_code == 400


@pytest.mark.parametrize(
    "body", [{}, {"learners": []}, {"learners": ["a", 1]}, {"learners": "x"}, []]
)
def test_a_wrong_batch(run: CourseRun, body: Any) -> None:
    assert posted(bearing(READ), ASSIGNMENTS, body)[0] == 400


def test_accounts_need_the_permission_because_asking_assigns(run: CourseRun) -> None:
    path = f"{ASSIGNMENTS}?learner=L000001"
    assert signed_in(course=run.course).get(path).status_code == 403

    cleo = User.objects.create_user("cleo@example.com")
    CourseGrant.objects.create(user=cleo, course=run.course)
    cleo.user_permissions.add(Permission.objects.get(codename="run_experiment"))
    client = Client()
    client.force_login(cleo)
    assert client.get(path).json() == {"assignments": [], "unknown": []}


# exposures


def test_exposures_are_recorded_and_the_wrong_ones_rejected_with_a_sentence(
    run: CourseRun,
) -> None:
    start(draft(courses=[run.course]))
    client = bearing(READ, SEND)
    asked = client.get(f"{ASSIGNMENTS}?learner=L000001").json()["assignments"]
    good = {"experiment": "strict-marks", "learner": "L000001", "at": NOW.isoformat()}
    before = {**good, "at": (STARTED_AT - DAY).isoformat()}
    body = [good, {**good, "experiment": "none"}, {**good, "variant": "none"}, before, {}, 7]
    status, found = posted(client, EXPOSURES, body)
    statuses = [one["status"] for one in found["events"]]

    assert (status, statuses) == (200, ["accepted", *["rejected"] * 5])
    assert (found["accepted"], found["rejected"]) == (1, 5)
    assert all(one["reason"] for one in found["events"][1:])
    assert found["events"][4]["field"] == "experiment"
    made = Exposure.objects.get()
    assert (made.first_at, made.variant.key) == (NOW, asked[0]["variant"])


def test_the_same_exposure_counts_once(run: CourseRun) -> None:
    start(draft(courses=[run.course]))
    client = bearing(READ, SEND)
    client.get(f"{ASSIGNMENTS}?learner=L000001")
    good = {"experiment": "strict-marks", "learner": "L000001", "at": NOW.isoformat()}
    posted(client, EXPOSURES, [good])
    _, again = posted(client, EXPOSURES, [good])

    assert again["duplicate"] == 1
    assert Exposure.objects.count() == 1


@pytest.mark.parametrize(("body", "status"), [({}, 400), ([], 400), ([{}], 422)])
def test_nothing_to_record(run: CourseRun, body: Any, status: int) -> None:
    assert posted(bearing(SEND), EXPOSURES, body)[0] == status


def test_exposing_needs_the_scope_of_events(run: CourseRun) -> None:
    assert posted(bearing(READ), EXPOSURES, [{}])[0] == 403


# power


def test_the_calculator_says_what_an_effect_needs(run: CourseRun) -> None:
    people = enroll_many(run, 40, prefix="M")
    start_in(run_of("r2"), people, NOW - 30 * DAY, completed=20)
    query = f"{POWER}?kpi={STARTED}&effect=10&course=py"
    found = bearing(READ).get(query).json()
    larger = bearing_again().get(query.replace("=10&", "=20&")).json()

    assert (found["kpi"], found["effect"], found["is_suppressed"]) == (STARTED, 10.0, False)
    assert found["needed"] > larger["needed"] > 0
    assert found["present"] >= 40
    assert found["end"] == str((NOW + timedelta(weeks=12)).date())


def bearing_again() -> Client:
    return Client(headers={"Authorization": f"Bearer {create_api_key('again', [READ])[1]}"})


def test_the_calculator_hides_small_groups(run: CourseRun) -> None:
    start_in(run_of("r2"), enroll_many(run, 3, prefix="M"), NOW - 30 * DAY, completed=2)
    path = f"{POWER}?kpi={STARTED}&effect=10&course=py"
    found = bearing(READ).get(path).json()

    assert (found["is_suppressed"], found["baseline"], found["needed"]) == (True, None, None)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("effect=1", "kpi"),
        (f"kpi={BOTH}", "kpi"),
        ("kpi=none", "kpi"),
        (f"kpi={STARTED}&effect=0", "effect"),
        (f"kpi={STARTED}&effect=nan", "effect"),
        (f"kpi={STARTED}&course=no", "course"),
        (f"kpi={STARTED}&weights=0.5", "weights"),
        (f"kpi={STARTED}&weights=0.5,0.6", "weights"),
        (f"kpi={STARTED}&weights=nan,0.5", "weights"),
        (f"kpi={STARTED}&alpha=2", "alpha"),
        (f"kpi={STARTED}&unit=course", "unit"),
        (f"kpi={STARTED}&end=soon", "end"),
        (f"kpi={STARTED}&only_new=yes", "only_new"),
    ],
)
def test_a_wrong_question_to_the_calculator_names_its_parameter(
    run: CourseRun, query: str, field: str
) -> None:
    answer = bearing(READ, SMALL).get(f"{POWER}?{query}")

    assert (answer.status_code, answer.json()["field"]) == (400, field)


def test_managers_calculate_for_their_courses(run: CourseRun) -> None:
    client = signed_in(course=run.course)

    assert client.get(f"{POWER}?kpi={STARTED}").json()["field"] == "course"
    assert client.get(f"{POWER}?kpi={STARTED}&course=py").status_code == 200
