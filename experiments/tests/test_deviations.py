"""Change a running experiment: on its page, by the API and in the admin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client

from accounts.tests.people import account
from curriculum.models import CourseRun
from experiments.models import Deviation, Experiment, Variant
from experiments.tests.bearers import bearing, sent
from experiments.tests.pages import PAGE, acts
from experiments.tests.trials import DAY, STARTED_AT, draft, enroll_many, start
from kpis.tests.kernel import run_of
from kpis.tests.visitors import Visitor

pytestmark = pytest.mark.django_db
SAME: dict[str, object] = {
    "planned_end": "2026-09-01", "weight-control": "0.5", "weight-strict": "0.5",
    "reason": "Too slow.",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _one_day_after_the_start(few_kpis: None) -> Iterator[None]:
    with patch("django.utils.timezone.now", return_value=STARTED_AT + DAY):
        yield


@pytest.fixture
def boss() -> Visitor:
    return Visitor(account("Ada", is_staff=True, is_superuser=True))


@pytest.fixture
def experiment() -> Experiment:
    run: CourseRun = run_of("r1")
    enroll_many(run, 5)
    return start(draft(courses=[run.course]))


def weights() -> dict[str, str]:
    return {one.key: f"{one.weight.normalize():f}" for one in Variant.objects.all()}


def is_untouched(experiment: Experiment) -> bool:
    """Return whether nothing of the experiment has changed, not even its history."""
    now = Experiment.objects.get(pk=experiment.pk)
    same_plan = (now.version, now.planned_end) == (experiment.version, experiment.planned_end)
    return same_plan and set(weights().values()) == {"0.5"} and not Deviation.objects.exists()


# on the page


def test_end_and_weights_change_on_the_page(boss: Visitor, experiment: Experiment) -> None:
    given = {"planned_end": "2026-12-01", "weight-control": "0.2", "weight-strict": "0.8"}

    text = acts(boss, experiment, "deviate", **{**SAME, **given})

    assert "Deviation from the plan" in text
    assert "1 Sep 2026 → 1 Dec 2026" in text
    assert "Weights: control 0.5, strict 0.5 → control 0.2, strict 0.8" in text
    assert "1 Dec 2026 (at the start: 1 Sep 2026)" in text
    assert "80.0% (at the start: 50.0%)" in text
    assert weights() == {"control": "0.2", "strict": "0.8"}


def test_what_stays_is_no_deviation(boss: Visitor, experiment: Experiment) -> None:
    acts(boss, experiment, "deviate", **{**SAME, "planned_end": "2026-12-01"})

    assert [one.field for one in Deviation.objects.all()] == ["planned_end"]


WRONG_FORMS: list[tuple[dict[str, object], str]] = [
    ({"reason": " "}, "Enter a reason for the deviation."),
    ({"planned_end": "soon"}, "Enter a date such as 2026-03-31."),
    ({"planned_end": "2026-03-01"}, "Enter a day after the start."),
    ({"planned_end": "2026-03-03"}, "The planned end must be after today."),
    ({"planned_end": "2029-01-01"}, "The planned end is more than two years away."),
    ({"weight-control": "0.4"}, "The weights add up to 0.9 instead of 1."),
    ({"weight-control": "1.5", "weight-strict": "-0.5"}, "Each weight must be greater than 0"),
    ({"weight-control": "half"}, "Enter a number."),
    ({"weight-control": ""}, "Enter a weight."),
    ({"version": "1"}, "This experiment has changed meanwhile: Started by the product"),
    ({}, "Nothing would change."),
]


@pytest.mark.parametrize(("wrong", "sentence"), WRONG_FORMS)
def test_a_wrong_form_changes_nothing(
    boss: Visitor, experiment: Experiment, wrong: dict[str, object], sentence: str
) -> None:
    text = acts(boss, experiment, "deviate", **{**SAME, **wrong})

    assert boss.status == 400
    assert sentence in text
    assert is_untouched(experiment)


def test_only_whoever_may_run_experiments_has_the_form(experiment: Experiment) -> None:
    reader = Visitor(account("Bo", is_staff=True))

    assert "Change the plan" not in reader.reads(f"{PAGE}/{experiment.key}")
    acts(reader, experiment, "deviate", **{**SAME, "planned_end": "2026-12-01"})
    assert reader.status == 403
    assert is_untouched(experiment)


# by the API


def test_end_and_weights_change_by_the_api(experiment: Experiment) -> None:
    body: dict[str, Any] = {
        "planned_end": "2026-12-01",
        "weights": {"control": 0.2, "strict": "0.8"},
    }
    status, found = sent(bearing(), "deviations", reason="Too slow.", **body)

    assert status == 200
    assert found["planned_end"] == "2026-12-01"
    assert {one["key"]: one["weight"] for one in found["variants"]} == {
        "control": 0.2,
        "strict": 0.8,
    }
    assert [(one["field"], one["reason"]) for one in found["deviations"]] == [
        ("planned_end", "Too slow. (API key my-lms)"),
        ("weights", "Too slow. (API key my-lms)"),
    ]
    assert found["history"][-1]["kind"] == "deviated"


WRONG_BODIES: list[tuple[dict[str, Any], str | None, str]] = [
    ({"planned_end": "2026-12-01"}, "reason", "Enter a reason."),
    ({"reason": "x", "planned_end": "soon"}, "planned_end", "Date has wrong format"),
    ({"reason": "x", "planned_end": "2026-03-01"}, "planned_end", "Enter a day after the start."),
    ({"reason": "x", "planned_end": "2026-03-03"}, "planned_end", "must be after today."),
    ({"reason": "x", "weights": {"control": 1}}, "weights", "for each variant: control, strict."),
    ({"reason": "x", "weights": {"control": 0.5, "strict": 0.4}}, "weights", "add up to 0.9"),
    ({"reason": "x", "weights": {"control": 1.5, "strict": -0.5}}, "weights", "greater than 0"),
    ({"reason": "x", "weights": {"control": "a", "strict": 1}}, "weights", "decimal number"),
    ({"reason": "x", "weights": {"control": [1], "strict": 1}}, "weights", "decimal number"),
    ({"reason": "x", "weights": {"control": "NaN", "strict": 1}}, "weights", "decimal number"),
    ({"reason": "x", "weights": {"control": 0.33333, "strict": 1}}, "weights", "4 decimal"),
    ({"reason": "x", "weights": {"control": None, "strict": 1}}, "weights", "cannot be null"),
    ({"reason": "x", "weights": [0.5, 0.5]}, "weights", "Expected a dictionary"),
    ({"reason": "x", "hypothesis": "Other."}, "hypothesis", "hypothesis: the plan is locked"),
    ({"reason": "x", "planned_end": "2026-12-01", "unit": "run"}, "unit", "the plan is locked"),
    ({"reason": "x"}, None, "Nothing would change."),
]


@pytest.mark.parametrize(("body", "field", "sentence"), WRONG_BODIES)
def test_a_wrong_body_changes_nothing(
    experiment: Experiment, body: dict[str, Any], field: str | None, sentence: str
) -> None:
    status, problem = sent(bearing(), "deviations", **body)

    assert (status, problem.get("field")) == (400, field)
    assert sentence in problem["detail"]
    assert is_untouched(experiment)


def test_an_outdated_version_is_a_conflict(experiment: Experiment) -> None:
    status, problem = sent(bearing(), "deviations", reason="x", planned_end="2026-12-01", version=1)

    assert (status, problem["code"]) == (409, "decided")
    assert is_untouched(experiment)


def test_only_a_running_experiment_deviates(experiment: Experiment) -> None:
    draft("a-draft")
    status, problem = sent(
        bearing(), "deviations", key="a-draft", reason="x", planned_end="2026-12-01"
    )

    assert status == 409
    assert "This experiment is “Draft” (Drafted by the product" in problem["detail"]


def test_deviating_needs_the_scope(experiment: Experiment) -> None:
    client = bearing("experiments:read")

    assert sent(client, "deviations", reason="x", planned_end="2026-12-01")[0] == 403
    assert is_untouched(experiment)


# in the admin

ADMIN = "/admin/experiments/experiment/"


def acts_in_admin(client: Client, experiment: Experiment, **given: str) -> str:
    seen = f"{experiment.pk}-{experiment.version}"
    path = f"{ADMIN}act/deviate/"
    return client.post(path, {"seen": seen, **given}, follow=True).content.decode()


def test_end_and_weights_change_in_the_admin(boss: Visitor, experiment: Experiment) -> None:
    page = boss.reads(f"{ADMIN}{experiment.pk}/change/")
    given = {"planned_end": "2026-12-01", "weights": "control = 0.2\nstrict = 0.8"}
    answer = acts_in_admin(boss.client, experiment, reason="Too slow.", **given)

    assert "Change the plan" in page
    assert "Strict marks: changed" in answer
    assert weights() == {"control": "0.2", "strict": "0.8"}
    assert {one.by for one in Deviation.objects.all()} == {experiment.events.last().by}  # type: ignore[union-attr]
    assert "Too slow." in boss.reads(f"{ADMIN}{experiment.pk}/change/")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"planned_end": "2026-12-01", "reason": ""}, "Enter a reason."),
        ({"planned_end": "2026-03-01", "reason": "x"}, "Enter a day after the start."),
        ({"weights": "control = 0.4\nstrict = 0.5", "reason": "x"}, "add up to 0.9"),
        ({"weights": "control: 0.4", "reason": "x"}, "is not like control = 0.5."),
        ({"weights": "control = 1", "reason": "x"}, "Enter a weight for each variant"),
        ({"reason": "x"}, "Nothing would change."),
    ],
)
def test_a_wrong_admin_form_changes_nothing(
    boss: Visitor, experiment: Experiment, given: dict[str, str], sentence: str
) -> None:
    assert sentence in acts_in_admin(boss.client, experiment, **given)
    assert is_untouched(experiment)
