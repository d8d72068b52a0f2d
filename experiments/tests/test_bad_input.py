"""What is wrong gets a sentence on the page and by the API, and nothing is half done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from django.apps import apps

from accounts.tests.people import account
from curriculum.models import CourseRun
from experiments import lifecycle
from experiments.assignment import assign
from experiments.models import Experiment, Metric, VariantValue
from experiments.tests.bearers import LIST, bearing, sent
from experiments.tests.pages import PAGE, acts, sends
from experiments.tests.test_draft_pages import filled_in
from experiments.tests.trials import DAY, STARTED_AT, draft, enroll_many, start
from intake.models import Event
from kpis.tests import kernel
from kpis.tests.kernel import BOTH, run_of
from kpis.tests.visitors import Visitor

pytestmark = pytest.mark.django_db
NOW = STARTED_AT + 5 * DAY
LATE = STARTED_AT + 3 * DAY
BY_RUN = "Both is combined from other KPIs and has no value for one learner. Choose one of these:"


@pytest.fixture(autouse=True)
def _five_days_after_the_start(few_kpis: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    kernel.declare_both(monkeypatch)
    with patch("django.utils.timezone.now", return_value=NOW):
        yield


@pytest.fixture
def boss() -> Visitor:
    return Visitor(account("Ada", is_staff=True, is_superuser=True))


@pytest.fixture
def run() -> CourseRun:
    made = run_of("r1")
    enroll_many(made, 5)
    return made


def everything() -> dict[str, list[dict[str, Any]]]:
    """Return all rows of the experiments, and the accepted events."""
    models: list[Any] = [*apps.get_app_config("experiments").get_models(), Event]
    return {one.__name__: list(one.objects.order_by("pk").values()) for one in models}


# drafts


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"variants-1-weight": "0.4"}, "The weights add up to 0.9 instead of 1."),
        ({"variants-1-weight": "1.4"}, "less than or equal to 1"),
        ({"values-0-value": "120%"}, "between 30% and 100%"),
        ({"values-0-value": "72%"}, "in steps of"),
        ({"primary": BOTH}, BY_RUN),
        ({"secondary": [BOTH]}, BY_RUN),
        (
            {"guardrails-TOTAL_FORMS": 1, "guardrails-0-kpi": BOTH, "guardrails-0-margin": "2"},
            BY_RUN,
        ),
    ],
)
def test_a_wrong_draft_is_not_saved(
    boss: Visitor, run: CourseRun, wrong: dict[str, object], sentence: str
) -> None:
    draft("stored", courses=[run.course])
    before = everything()
    text = sends(boss, f"{PAGE}/new", filled_in(**wrong))

    assert boss.status == 400
    assert sentence in text
    assert everything() == before


def test_a_wrong_edit_leaves_the_draft_as_it_was(boss: Visitor, run: CourseRun) -> None:
    made = draft(courses=[run.course])
    before = everything()
    wrong = filled_in(version=made.version, name="Other", **{"variants-1-weight": "0.4"})
    text = sends(boss, f"{PAGE}/{made.key}/edit", wrong)

    assert "The weights add up to 0.9 instead of 1." in text
    assert everything() == before


# starts: what has become wrong since it was drafted


def out_of_bounds(made: Experiment) -> None:
    VariantValue.objects.update(value=Decimal("1.2"))


def without_a_value_per_learner(made: Experiment) -> None:
    Metric.objects.update(kpi=BOTH)


def overlapping(made: Experiment) -> None:
    start(draft("first", courses=[*made.courses.all()]))


def uneven(made: Experiment) -> None:
    made.variants.filter(key="strict").update(weight=Decimal("0.4"))


@pytest.mark.parametrize(
    ("break_it", "sentence"),
    [
        (out_of_bounds, "between 30% and 100%"),
        (without_a_value_per_learner, BY_RUN),
        (overlapping, "changes module.pass-mark as well. Put both into one layer, or wait until"),
        (uneven, "The weights add up to 0.9 instead of 1."),
    ],
)
def test_what_is_wrong_does_not_start(
    boss: Visitor, run: CourseRun, break_it: Any, sentence: str
) -> None:
    made = draft(courses=[run.course])
    break_it(made)
    before = everything()

    assert sentence in acts(boss, made, "start")
    assert boss.status == 400
    status, problem = sent(bearing(), "start")
    assert (status, problem["code"]) == (400, "bad_question")
    assert sentence in problem["detail"]
    assert everything() == before


# weights of a running experiment: test_deviations.py has the others


def test_wrong_weights_change_nothing(boss: Visitor, run: CourseRun) -> None:
    made = start(draft(courses=[run.course]))
    before = everything()
    form = {"planned_end": "2026-12-01", "weight-control": "0.5", "weight-strict": "0.4"}
    body: dict[str, Any] = {"planned_end": "2026-12-01", "weights": {"control": 0.5, "strict": 0.4}}

    text = acts(boss, made, "deviate", reason="x", **form)
    _, problem = sent(bearing(), "deviations", reason="x", **body)
    for found in (text, problem["detail"]):
        assert "The weights add up to 0.9 instead of 1." in found
    # the end, which was right, stays as well
    assert everything() == before


# exposures, which have no form: as events, and by the route for learning platforms


def exposure(at: datetime = NOW - DAY, **changes: str) -> dict[str, str]:
    return {"experiment": "strict-marks", "learner": "L000000", "at": at.isoformat(), **changes}


@pytest.mark.parametrize(
    ("wrong", "field", "sentence"),
    [
        (exposure(STARTED_AT + DAY), "occurred_at", "is before the assignment"),
        (exposure(STARTED_AT - DAY), "occurred_at", "started later"),
        (exposure(experiment="none"), "data.experiment", "there is no experiment “none”"),
        (exposure(STARTED_AT + 4 * DAY), "occurred_at", "ended on 2026-03-06"),
        (
            exposure(LATE, variant="wild"),
            "data.variant",
            "It has: control, strict.",
        ),
        (
            exposure(LATE, learner="L000004"),
            "learner",
            "has no variant of “Strict marks”",
        ),
    ],
)
def test_a_wrong_exposure_is_rejected(
    run: CourseRun, wrong: dict[str, str], field: str, sentence: str
) -> None:
    made = start(draft(courses=[run.course]))
    ids = [made.courses.get().runs.get().enrollments.order_by("pk")[0].learner_id]
    assign(ids, now=STARTED_AT + 2 * DAY)
    lifecycle.stop(made, None, reason="Enough.", now=STARTED_AT + 4 * DAY)
    before, client = everything(), bearing("experiments:read", "events:write")
    event = {
        "id": "e1", "kind": "experiment.exposed", "occurred_at": wrong["at"],
        "learner": wrong["learner"],
        "data": {name: wrong[name] for name in ("experiment", "variant") if name in wrong},
    }  # fmt: skip

    for path, body in ((f"{LIST}/exposures", wrong), ("/api/events", event)):
        response = client.post(path, [body], content_type="application/json")
        (found,) = response.json()["events"]
        assert (response.status_code, found["status"], found["field"]) == (422, "rejected", field)
        assert sentence in found["reason"]
    assert everything() == before


# the calculator


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        (f"kpi={BOTH}&effect=5", BY_RUN),
        ("kpi=test.started&effect=0", "greater than 0"),
    ],
)
def test_the_calculator_refuses_with_the_same_sentence(
    boss: Visitor, query: str, sentence: str
) -> None:
    more = "&unit=learner&method=fixed&variants=2&alpha=0.05&power=0.8"
    response = bearing().get(f"{LIST}/power?{query}")

    assert response.status_code == 400
    assert sentence in response.json()["detail"]
    if BOTH in query:
        assert sentence in boss.reads(f"{PAGE}/power?{query}{more}")
        assert boss.status == 400
