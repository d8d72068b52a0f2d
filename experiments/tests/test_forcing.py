"""Force variants by hand: on the page, by the API and in the admin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.tests.people import account
from curriculum.models import CourseRun, Learner
from experiments import forcing, lifecycle
from experiments.models import Experiment, ForcedVariant
from experiments.tests.bearers import bearing, sent, signed_in
from experiments.tests.pages import PAGE, acts, may_run
from experiments.tests.trials import DAY, STARTED_AT, draft, enroll_many, start
from kpis.tests.kernel import run_of
from kpis.tests.visitors import Visitor

pytestmark = pytest.mark.django_db
ADA = "L000000"
TRY: dict[str, object] = {"unit": ADA, "variant": "strict", "reason": "To try it."}


@pytest.fixture(autouse=True)
def _one_day_after_the_start(few_kpis: None) -> Iterator[None]:
    with patch("django.utils.timezone.now", return_value=STARTED_AT + DAY):
        yield


@pytest.fixture
def boss() -> Visitor:
    return Visitor(account("Ada", is_staff=True, is_superuser=True))


@pytest.fixture
def run() -> CourseRun:
    made = run_of("r1")
    enroll_many(made, 5)
    # Cleo is enrolled elsewhere
    enroll_many(run_of("s1", course="sql"), 1, prefix="cleo")
    return made


@pytest.fixture
def experiment(run: CourseRun) -> Experiment:
    return start(draft(courses=[run.course]))


@pytest.fixture
def of_runs(run: CourseRun) -> Experiment:
    return start(draft("of-runs", courses=[run.course], unit="run"))


def forced() -> list[tuple[str, str]]:
    rows = ForcedVariant.objects.select_related("learner", "run__course", "variant")
    return [(forcing.written(one.unit), one.variant.key) for one in rows]


# on the page


def test_a_learner_is_forced_and_released_on_the_page(
    boss: Visitor, experiment: Experiment
) -> None:
    text = acts(boss, experiment, "force", **TRY)
    assert "The variant is forced" in text
    assert f"{ADA} Strict Ada To try it." in text
    assert "Variant forced by Ada" in text
    assert forced() == [(ADA, "strict")]

    row = ForcedVariant.objects.get()
    text = acts(boss, experiment, "release", forced=row.pk, reason="Tried.")
    assert "chance decides about the unit again" in text
    assert "Forced variant removed by Ada" in text
    assert forced() == []


def test_a_forced_run_is_named_with_its_course(boss: Visitor, of_runs: Experiment) -> None:
    text = acts(boss, of_runs, "force", **{**TRY, "unit": "py/r1"})

    assert "py/r1 Strict Ada To try it." in text
    assert forced() == [("py/r1", "strict")]


def test_whoever_may_not_force_learns_how_many_but_not_whom(
    boss: Visitor, experiment: Experiment
) -> None:
    acts(boss, experiment, "force", **TRY)
    reader = Visitor(account("Bo", is_staff=True))
    text = reader.reads(f"{PAGE}/{experiment.key}")

    assert "1 unit has a variant that somebody chose." in text
    assert ADA not in text
    acts(reader, experiment, "force", **TRY)
    assert reader.status == 403


def test_managers_force_learners_of_their_courses_only(run: CourseRun) -> None:
    experiment = start(draft(courses=[run.course]))
    manager = Visitor(may_run(account("Bo", grants=(run.course,))))

    text = acts(manager, experiment, "force", **{**TRY, "unit": "cleo000000"})
    assert "Unknown learner “cleo000000”." in text
    acts(manager, experiment, "force", **TRY)
    assert forced() == [(ADA, "strict")]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"reason": ""}, "Enter a reason for forcing a variant."),
        ({"unit": ""}, "Enter a key."),
        ({"unit": "nobody"}, "Unknown learner “nobody”."),
        ({"unit": "cleo000000"}, "cleo000000 is not enrolled in a course or run of this exp"),
        ({"variant": "no"}, "There is no variant no."),
    ],
)
def test_a_wrong_form_forces_nothing(
    boss: Visitor, experiment: Experiment, wrong: dict[str, object], sentence: str
) -> None:
    text = acts(boss, experiment, "force", **{**TRY, **wrong})

    assert boss.status == 400
    assert sentence in text
    assert forced() == []


@pytest.mark.parametrize(
    ("unit", "sentence"),
    [
        ("r1", "Name a course and a run: this experiment assigns runs."),
        ("py/no", "Unknown run “py/no”."),
        ("sql/s1", "sql/s1 is not a run of this experiment."),
    ],
)
def test_a_wrong_run_is_not_forced(
    boss: Visitor, of_runs: Experiment, unit: str, sentence: str
) -> None:
    assert sentence in acts(boss, of_runs, "force", **{**TRY, "unit": unit})
    assert forced() == []


def test_nothing_is_forced_once_it_is_over(boss: Visitor, experiment: Experiment) -> None:
    lifecycle.stop(experiment, None, reason="Enough.", now=STARTED_AT + DAY)

    assert "Force a variant" not in boss.reads(f"{PAGE}/{experiment.key}")
    text = acts(boss, experiment, "force", **TRY)
    assert "This experiment is “Stopped, not yet decided” (Stopped by the product" in text
    assert forced() == []


def test_staff_accounts_can_try_a_variant_out(experiment: Experiment) -> None:
    tester = Learner.objects.create(key="bo", kind=Learner.Kind.STAFF)
    strict = experiment.variants.get(key="strict")

    assert forcing.force(experiment, tester, strict, None, reason="To try it.").learner == tester


def test_a_variant_that_somebody_has_removed_meanwhile(experiment: Experiment) -> None:
    strict, ada = experiment.variants.get(key="strict"), Learner.objects.get(key=ADA)
    row = forcing.force(experiment, ada, strict, None, reason="To try it.")
    old = ForcedVariant.objects.get()
    forcing.release(row, None, reason="Tried.")

    with pytest.raises(ValidationError, match="removed this forced variant meanwhile"):
        forcing.release(old, None, reason="Tried.")


# by the API


def released(client: Client, **query: str) -> tuple[int, Any]:
    response = client.delete(f"/api/experiments/strict-marks/forced?{urlencode(query)}")
    return response.status_code, response.json()


def test_a_learner_is_forced_and_released_by_the_api(experiment: Experiment) -> None:
    client = bearing()
    body = {"learner": ADA, "variant": "strict", "reason": "To try it."}
    status, found = sent(client, "forced", **body)
    listed = client.get("/api/experiments/strict-marks/forced").json()
    (one,) = found["forced"]

    assert (status, listed) == (200, found)
    assert (one["learner"], one["run"], one["variant"]) == (ADA, None, "strict")
    assert one["reason"] == "To try it. (API key my-lms)"
    assert client.get("/api/experiments/strict-marks").json()["forced"] == 1
    assert released(client, learner=ADA, reason="Tried.") == (200, {"forced": []})


def test_a_run_is_forced_by_the_api(of_runs: Experiment) -> None:
    body = {"course": "py", "run": "r1", "variant": "strict", "reason": "To try it."}
    status, found = sent(bearing(), "forced", key="of-runs", **body)

    assert status == 200
    assert [(one["course"], one["run"]) for one in found["forced"]] == [("py", "r1")]


@pytest.mark.parametrize(
    ("wrong", "field", "sentence"),
    [
        ({"reason": ""}, "reason", "Enter a reason."),
        ({"learner": ""}, "learner", "may not be blank"),
        ({"learner": None}, "learner", "may not be null"),
        ({"learner": "nobody"}, "learner", "Unknown learner “nobody”."),
        ({"learner": "cleo000000"}, None, "is not enrolled in a course or run of this exp"),
        ({"variant": "no"}, "variant", "There is no variant no."),
    ],
)
def test_a_wrong_body_forces_nothing(
    experiment: Experiment, wrong: dict[str, Any], field: str | None, sentence: str
) -> None:
    body = {"learner": ADA, "variant": "strict", "reason": "To try it."}
    status, problem = sent(bearing(), "forced", **{**body, **wrong})

    assert (status, problem.get("field")) == (400, field)
    assert sentence in problem["detail"]
    assert forced() == []


@pytest.mark.parametrize(
    ("query", "field", "sentence"),
    [
        ({"learner": ADA}, "reason", "Enter a reason."),
        ({"reason": "x"}, "learner", "Name a learner: this experiment assigns learners."),
        ({"learner": "nobody", "reason": "x"}, "learner", "Unknown learner “nobody”."),
        ({"learner": "L000001", "reason": "x"}, None, "L000001 has no forced variant."),
        ({"learner": ADA, "reason": "x", "no": "1"}, "no", "no"),
    ],
)
def test_a_wrong_query_releases_nothing(
    experiment: Experiment, query: dict[str, str], field: str | None, sentence: str
) -> None:
    client = bearing()
    sent(client, "forced", learner=ADA, variant="strict", reason="To try it.")
    status, problem = released(client, **query)

    assert (status, problem.get("field")) == (400, field)
    assert sentence in problem["detail"]
    assert forced() == [(ADA, "strict")]


def test_forcing_needs_the_scope_and_a_running_experiment(experiment: Experiment) -> None:
    body = {"learner": ADA, "variant": "strict", "reason": "To try it."}
    reader = signed_in(course=experiment.courses.get())
    assert sent(reader, "forced", **body)[0] == 403
    assert reader.get("/api/experiments/strict-marks/forced").status_code == 403
    lifecycle.stop(experiment, None, reason="Enough.", now=STARTED_AT + DAY)
    status, problem = sent(bearing(), "forced", **body)

    assert (status, problem["code"]) == (409, "decided")
    assert "This experiment is “Stopped, not yet decided”" in problem["detail"]
    assert forced() == []


# in the admin


def test_the_admin_forces_and_releases_with_a_reason(boss: Visitor, experiment: Experiment) -> None:
    path = "/admin/experiments/forcedvariant/"
    learner = Learner.objects.get(key=ADA)
    given = {"experiment": experiment.pk, "learner": learner.pk, "run": "", "variant_key": "no"}
    answer = boss.client.post(f"{path}add/", given | {"reason": "To try it."}, follow=True)
    assert "There is no variant no." in answer.content.decode()

    boss.client.post(f"{path}add/", given | {"variant_key": "strict", "reason": "To try it."})
    assert forced() == [(ADA, "strict")]
    assert "To try it." in boss.reads(f"/admin/experiments/experiment/{experiment.pk}/change/")

    page = f"{path}{ForcedVariant.objects.get().pk}/delete/"
    boss.client.post(page, {"post": "yes", "reason": "Tried."})
    assert forced() == []
    last = experiment.events.last()
    assert last is not None
    assert (last.kind, last.reason) == ("released", "Tried.")


def test_the_admin_says_which_learner_is_out_of_reach(
    boss: Visitor, experiment: Experiment
) -> None:
    cleo = Learner.objects.get(key="cleo000000")
    given = {
        "experiment": experiment.pk, "learner": cleo.pk, "run": "", "variant_key": "strict",
        "reason": "To try it.",
    }  # fmt: skip
    answer = boss.client.post("/admin/experiments/forcedvariant/add/", given, follow=True)

    assert "cleo000000 is not enrolled in a course or run" in answer.content.decode()
    assert forced() == []
