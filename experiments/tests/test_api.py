"""Experiments in the API: the list, one with its history, analyses, and the actions."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.api_keys import create_api_key
from accounts.delegation import grantable_scopes
from accounts.models import User
from curriculum.models import CourseRun, Parameter
from experiments import lifecycle
from experiments.analysis.analyze import analyze
from experiments.assignment import assign
from experiments.models import Analysis, Experiment
from experiments.tests.bearers import LIST, READ, SMALL, WRITE, bearing, sent, signed_in
from experiments.tests.outcomes import expose_all, in_variant, start_in
from experiments.tests.trials import DAY, STARTED_AT, STRICT, draft, enroll_many, start
from kpis.tests.kernel import STARTED, run_of

pytestmark = pytest.mark.django_db

ONE = f"{LIST}/strict-marks"
NOW = STARTED_AT + DAY
HIDDEN = "Hidden to protect groups of fewer than 10 people."


@pytest.fixture(autouse=True)
def _one_day_after_the_start(few_kpis: None) -> Iterator[None]:
    with patch("django.utils.timezone.now", return_value=NOW):
        yield


@pytest.fixture
def run() -> CourseRun:
    made = run_of("r1")
    enroll_many(made, 5)
    return made


@pytest.fixture
def experiment(run: CourseRun) -> Experiment:
    return draft(courses=[run.course])


def analyzed(run: CourseRun, learners: int) -> Experiment:
    """Return a running experiment with an analysis: more of those in the variant complete."""
    people = enroll_many(run, learners, prefix="M")
    made = start(draft(courses=[run.course]))
    assign([one.pk for one in people], now=STARTED_AT)
    expose_all(made, STARTED_AT)
    for variant, completed in (("control", 1), ("strict", 3)):
        start_in(run_of(variant), in_variant(made, variant), NOW, completed=completed)
    analyze(made, now=NOW + DAY)
    return made


def test_the_list_shows_the_plan(experiment: Experiment) -> None:
    page = bearing(READ).get(LIST).json()
    (one,) = page["results"]
    control, strict = one["variants"]

    assert (page["count"], page["next"]) == (1, None)
    assert (one["key"], one["state"], one["version"]) == ("strict-marks", "draft", 2)
    assert (one["courses"], one["runs"], one["verdict"]) == (["py"], [], None)
    assert (control["weight"], control["is_control"], control["values"]) == (0.5, True, [])
    assert strict["values"] == [
        {"parameter": "module.pass-mark", "module": None, "value": 0.8, "label": "80%"}
    ]
    assert one["metrics"] == [{"kpi": STARTED, "role": "primary", "margin": None}]
    assert (one["planned_effect"], one["planned_n"]) == (10.0, 400)


def test_the_list_is_filtered(experiment: Experiment) -> None:
    client = bearing(READ)
    queries = {
        "state=draft": 1, "state=running": 0, "course=py": 1, "parameter=module.pass-mark": 1,
        "parameter=tutor.hours": 0,
    }  # fmt: skip

    assert {query: client.get(f"{LIST}?{query}").json()["count"] for query in queries} == queries
    for query in ("state=gone", "course=no", "parameter=no", "nothing=1", "limit=0"):
        answer = client.get(f"{LIST}?{query}")
        assert (answer.status_code, answer.json()["field"]) == (400, query.partition("=")[0])


def test_managers_see_the_experiments_of_their_courses(experiment: Experiment) -> None:
    other = run_of("r1", course="sql").course
    draft("elsewhere", courses=[other])
    draft("everywhere")
    client = signed_in(course=experiment.courses.get())

    assert [one["key"] for one in client.get(LIST).json()["results"]] == ["strict-marks"]
    assert client.get(ONE).status_code == 200
    for key in ("elsewhere", "everywhere"):
        assert client.get(f"{LIST}/{key}").status_code == 404
        assert client.get(f"{LIST}/{key}/results").status_code == 404


def test_a_draft_has_its_checklist_and_history(run: CourseRun) -> None:
    draft(courses=[run.course], variants=())
    one = bearing(READ).get(ONE).json()
    failed = [item["key"] for item in one["checklist"] if not item["passed"]]

    assert "variants" in failed
    assert [event["kind"] for event in one["history"]] == ["created"]
    assert (one["analysis"], one["is_plan_intact"]) == (None, None)


def test_start_stop_and_decide(experiment: Experiment) -> None:
    client = bearing(READ, WRITE)
    status, started = sent(client, "start", version=experiment.version)
    _, stopped = sent(client, "stop", version=started["version"], reason="Enough.")
    _, decided = sent(client, "decide", verdict="inconclusive", reason="Too few.")

    assert (status, started["state"], started["is_plan_intact"]) == (200, "running", True)
    assert stopped["state"] == "stopped"
    assert {one["api_key"] for one in decided["history"][1:]} == {"my-lms"}
    # the reason to start although it may find nothing stays that of whoever gave it
    assert decided["underpowered_reason"] == "A test."
    assert (decided["state"], decided["verdict"]) == ("decided", "inconclusive")
    assert decided["decision_reason"] == "Too few. (API key my-lms)"
    assert [one["kind"] for one in decided["history"]][1:] == ["started", "stopped", "decided"]


def test_shipping_sets_the_value(run: CourseRun, experiment: Experiment) -> None:
    start(experiment)
    Analysis.objects.create(
        experiment=experiment,
        computed_at=NOW,
        through=NOW,
        method="fixed",
        verdict="ship",
        why={"code": "no-units"},
    )
    client = bearing(READ, WRITE)
    _, wrong = sent(client, "decide", verdict="ship", reason="Yes.", variant="none")
    status, decided = sent(client, "decide", verdict="ship", reason="Yes.", variant="strict")

    assert (wrong["field"], wrong["detail"]) == ("variant", "There is no variant none.")
    assert (status, decided["shipped_variant"]) == (200, "strict")
    row = Parameter.objects.get(course=run.course, key="module.pass-mark")
    assert "Yes. (API key my-lms)" in row.changes.get().reason


def test_what_changed_meanwhile_is_a_conflict_and_stays(experiment: Experiment) -> None:
    client = bearing(READ, WRITE)
    seen = experiment.version
    lifecycle.start(experiment, None, now=STARTED_AT)
    status, problem = sent(client, "start", version=seen)

    assert (status, problem["code"]) == (409, "decided")
    assert "has changed meanwhile" in problem["detail"]


def test_an_incomplete_draft_does_not_start(run: CourseRun) -> None:
    draft(courses=[run.course], variants=(replace(STRICT, weight=Decimal(1)),))
    status, problem = sent(bearing(READ, WRITE), "start")

    assert (status, problem["code"]) == (400, "bad_question")
    assert "Add at least two variants." in problem["detail"]


@pytest.mark.parametrize(
    ("action", "body", "field"),
    [
        ("stop", {}, "reason"),
        ("stop", {"reason": " "}, "reason"),
        ("decide", {"reason": "Yes."}, "verdict"),
        ("decide", {"reason": "Yes.", "verdict": "maybe"}, "verdict"),
        ("decide", {"reason": "Yes.", "verdict": "ship"}, "variant"),
        ("stop", {"reason": "Yes.", "version": 0}, "version"),
    ],
)
def test_a_wrong_body_names_its_field(
    experiment: Experiment, action: str, body: dict[str, Any], field: str
) -> None:
    start(experiment)
    status, problem = sent(bearing(READ, WRITE), action, **body)

    assert (status, problem["field"]) == (400, field)


def test_acting_needs_the_permission_or_scope(experiment: Experiment) -> None:
    course = experiment.courses.get()
    assert sent(bearing(READ), "start")[0] == 403
    assert sent(signed_in(course=course), "start")[0] == 403
    bo = User.objects.get()
    assert READ in grantable_scopes(bo)
    assert WRITE not in grantable_scopes(bo)

    bo.user_permissions.add(Permission.objects.get(codename="run_experiment"))
    client = Client()
    client.force_login(bo)
    assert sent(client, "start")[0] == 200
    experiment.refresh_from_db()
    assert experiment.started_by == bo


def test_results_as_json_and_csv(run: CourseRun) -> None:
    made = analyzed(run, 60)
    client = bearing(READ)
    found = client.get(f"{ONE}/results").json()["analysis"]
    control, strict = found["results"]
    text = client.get(f"{ONE}/results?format=csv").content.decode()
    row = list(csv.DictReader(text.splitlines()))[1]

    assert found["is_suppressed"] is False
    assert (control["effect"], control["outcome"]) == (None, None)
    assert strict["effect"] == pytest.approx(strict["value"] - control["value"])
    assert strict["low"] < strict["effect"] < strict["high"]
    assert strict["value"] == pytest.approx(100 * strict["sums"]["y"] / strict["sums"]["x"])
    assert {one["variant"]: one["exposed"] for one in found["counts"]} == {
        "control": len(in_variant(made, "control")), "strict": len(in_variant(made, "strict"))
    }  # fmt: skip

    # figures in the KPI's unit as in the JSON, sums raw
    assert [row[name] for name in ("kpi", "variant", "unit")] == [STARTED, "strict", "percent"]
    for name in ("value", "effect", "low", "high", "standard_error"):
        assert float(row[name]) == strict[name]
    assert float(row["sum_y"]) == strict["sums"]["y"]


def test_figures_of_small_groups_are_hidden(run: CourseRun) -> None:
    analyzed(run, 8)
    hidden = bearing(READ).get(f"{ONE}/analyses").json()["results"][0]

    assert (hidden["is_suppressed"], hidden["verdict"]) == (True, None)
    assert hidden["sentence"] == HIDDEN
    assert {one["exposed"] for one in hidden["counts"]} == {None}
    for name in ("n", "value", "effect", "p", "sums", "outcome"):
        assert {one[name] for one in hidden["results"]} == {None}
    shown = create_api_key("sees", [READ, SMALL])[1]
    client = Client(headers={"Authorization": f"Bearer {shown}"})
    assert client.get(f"{ONE}/analyses").json()["results"][0]["is_suppressed"] is False
    assert client.get(ONE).json()["analysis"]["results"][0]["n"] is not None


def test_before_the_first_analysis_there_are_no_results(experiment: Experiment) -> None:
    client = bearing(READ)

    assert client.get(f"{ONE}/results").json() == {"experiment": "strict-marks", "analysis": None}
    assert client.get(f"{ONE}/results?format=csv").content.decode().count("\n") == 1
    assert client.get(f"{ONE}/results?format=xml").json()["field"] == "format"


def test_analyses_need_no_query_each(run: CourseRun, django_assert_max_num_queries: Any) -> None:
    made = analyzed(run, 30)
    for day in range(1, 6):
        analyze(made, now=NOW + day * DAY)
    client = bearing(READ)
    with django_assert_max_num_queries(20):
        page = client.get(f"{ONE}/analyses?limit=5").json()

    assert (page["count"], len(page["results"])) == (6, 5)
    assert page["next"]


def test_names_of_other_routes_cannot_be_keys(run: CourseRun) -> None:
    for key in ("assignments", "exposures", "new", "power"):
        with pytest.raises(ValidationError, match="is reserved"):
            draft(key, courses=[run.course])
