"""Drafts by the API: create, replace, start and delete them, and what is wrong with a body."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
from django.apps import apps
from django.test import Client

from curriculum.models import CourseRun, Module
from experiments.models import Experiment, Layer, Variant
from experiments.tests.bearers import LIST, READ, WRITE, bearing, sent, signed_in
from experiments.tests.trials import DAY, PASS_MARK, STARTED_AT, draft, enroll_many, start
from kpis.tests import kernel
from kpis.tests.kernel import BOTH, PLANNED, STARTED, run_of

pytestmark = pytest.mark.django_db

ONE = f"{LIST}/strict-marks"
STRICT = {"key": "strict", "weight": 0.5, "values": [{"parameter": PASS_MARK, "value": 0.8}]}
CONTROL = {"key": "control", "weight": 0.5, "is_control": True}
PRIMARY = {"kpi": STARTED, "role": "primary"}


@pytest.fixture(autouse=True)
def _one_day_after_the_start(few_kpis: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    kernel.declare_both(monkeypatch)
    with patch("django.utils.timezone.now", return_value=STARTED_AT + DAY):
        yield


@pytest.fixture
def run() -> CourseRun:
    made = run_of("r1")
    enroll_many(made, 5)
    return made


def body(**fields: Any) -> dict[str, Any]:
    """Return a draft in which half of the learners of py get a pass mark of 80%."""
    return {
        "key": "strict-marks",
        "name": "Strict marks",
        "hypothesis": "A higher pass mark makes learners practice more.",
        "courses": ["py"],
        "planned_effect": 5,
        "planned_n": 400,
        "planned_end": "2026-09-01",
        "variants": [CONTROL, STRICT],
        "metrics": [PRIMARY],
        **fields,
    }


def creates(client: Client, **fields: Any) -> tuple[int, Any]:
    response = client.post(LIST, body(**fields), content_type="application/json")
    return response.status_code, response.json()


def replaces(client: Client, **fields: Any) -> tuple[int, Any]:
    response = client.put(ONE, body(**fields), content_type="application/json")
    return response.status_code, response.json()


def everything() -> dict[str, list[dict[str, Any]]]:
    models: list[Any] = [*apps.get_app_config("experiments").get_models()]
    return {one.__name__: list(one.objects.order_by("pk").values()) for one in models}


def strict(**value: Any) -> list[dict[str, Any]]:
    """Return the variants with another value in the second one."""
    return [CONTROL, {**STRICT, "values": [{"parameter": PASS_MARK, "value": 0.8, **value}]}]


def test_an_experiment_is_drafted_and_started_by_the_api_alone(run: CourseRun) -> None:
    client = bearing(READ, WRITE)
    status, made = creates(client, variants=[{**CONTROL, "weight": 1}])
    failed = {one["key"]: one["sentence"] for one in made["checklist"] if not one["passed"]}
    assert (status, made["state"]) == (201, "draft")
    assert failed["variants"] == "Add at least two variants."

    _, whole = replaces(client, version=made["version"])
    assert [one["key"] for one in whole["checklist"] if not one["passed"]] == ["power"]
    status, started = sent(
        client, "start", version=whole["version"], underpowered_reason="To try it."
    )
    assert (status, started["state"], started["is_plan_intact"]) == (200, "running", True)
    assert [(one["kind"], one["api_key"]) for one in started["history"]] == [
        ("created", "my-lms"), ("edited", "my-lms"), ("started", "my-lms")
    ]  # fmt: skip


def test_everything_of_a_plan_is_stored_and_returned(run: CourseRun) -> None:
    Module.objects.create(course=run.course, key="marked", position=9)
    Layer.objects.create(name="Marks")
    plan = {
        "unit": "learner", "method": "sequential", "courses": [], "runs": ["py/r1"],
        "only_new": True, "track": "certificate", "holdout": 0.1, "alpha": 0.1, "power": 0.9,
        "planned_effect": 5.0, "baseline_days": 30,
        "layer": {"name": "Marks", "start": 0.0, "end": 0.5},
        "metrics": [
            {**PRIMARY, "margin": None}, {"kpi": PLANNED, "role": "guardrail", "margin": 2.0}
        ],
    }  # fmt: skip
    status, made = creates(bearing(READ, WRITE), **plan, variants=strict(module="py/marked"))
    row = Experiment.objects.get()

    assert status == 201
    assert {name: made[name] for name in plan} == plan
    assert [one["module"] for one in made["variants"][1]["values"]] == ["py/marked"]
    assert row.planned_effect == 0.05
    assert row.metrics.get(kpi=PLANNED).margin == 0.02


def test_what_a_replaced_draft_leaves_out_gets_its_default(run: CourseRun) -> None:
    client = bearing(READ, WRITE)
    creates(client, holdout=0.2, only_new=True)
    status, made = replaces(client, name="Stricter", planned_n=None)

    assert (status, made["name"], made["planned_n"]) == (200, "Stricter", None)
    assert (made["holdout"], made["only_new"]) == (0.0, False)


def test_saving_an_equal_draft_again_changes_nothing(run: CourseRun) -> None:
    client = bearing(READ, WRITE)
    creates(client, holdout=0.1)
    replaces(client, holdout="0.1000", alpha="0.0500", variants=strict(value="80.00%"))
    last = Experiment.objects.get().events.last()

    assert last is not None
    assert (last.kind, last.before, last.after) == ("edited", {}, {"api_key": "my-lms"})


def test_the_variants_of_an_answer_can_be_sent_back(run: CourseRun) -> None:
    client = bearing(READ, WRITE)
    _, made = creates(client)
    back = [
        {**one, "values": STRICT["values"] if one["values"] else []} for one in made["variants"]
    ]
    status, _ = replaces(client, variants=back)

    # a variant without a name is shown by its key, which is not its name for that
    assert (status, back[1]["name"]) == (200, "strict")
    assert set(Variant.objects.values_list("name", flat=True)) == {""}


def test_a_draft_that_changed_meanwhile_is_a_conflict(run: CourseRun) -> None:
    client = bearing(READ, WRITE)
    seen = creates(client)[1]["version"]
    replaces(client, name="Other")
    before = everything()
    status, problem = replaces(client, version=seen)
    deleted = client.delete(f"{ONE}?version={seen}")

    assert (status, problem["code"], deleted.status_code) == (409, "decided", 409)
    assert "has changed meanwhile" in problem["detail"]
    assert everything() == before


def test_a_running_experiment_is_neither_replaced_nor_deleted(run: CourseRun) -> None:
    start(draft(courses=[run.course]))
    before = everything()
    client = bearing(READ, WRITE)
    status, problem = replaces(client)

    assert (status, client.delete(ONE).status_code) == (409, 409)
    assert "This experiment is “Running”" in problem["detail"]
    assert everything() == before


def test_a_draft_is_deleted(run: CourseRun) -> None:
    client = bearing(READ, WRITE)
    version = creates(client)[1]["version"]
    wrong = client.delete(f"{ONE}?version=x")

    assert (wrong.status_code, wrong.json()["field"]) == (400, "version")
    assert client.delete(f"{ONE}?version={version}").status_code == 204
    assert not Experiment.objects.exists()
    assert client.delete(ONE).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "field", "sentence"),
    [
        (
            {"variants": [CONTROL, {**STRICT, "weight": 0.4}]},
            "variants",
            "The weights add up to 0.9 instead of 1.",
        ),
        ({"variants": [CONTROL, {**STRICT, "weight": 0}]}, "variants", "must be greater than 0"),
        ({"variants": [CONTROL, {"key": "b"}]}, "variants.1.weight", "This field is required."),
        ({"variants": strict(value=1.2)}, "variants.1.values.0.value", "between 30% and 100%"),
        ({"variants": strict(value="72%")}, "variants.1.values.0.value", "in steps of"),
        ({"variants": strict(value=1e300)}, "variants.1.values.0.value", "Enter a number, a text"),
        ({"variants": strict(value=True)}, "variants.1.values.0.value", "as a number"),
        (
            {"variants": strict(parameter="no")},
            "variants.1.values.0.parameter",
            "There is no parameter no.",
        ),
        (
            {"variants": strict(module="py/no")},
            "variants.1.values.0.module",
            "There is no module py/no.",
        ),
        ({"metrics": [{**PRIMARY, "kpi": BOTH}]}, "metrics.0.kpi", "is combined from other KPIs"),
        ({"metrics": [{**PRIMARY, "kpi": "no"}]}, "metrics.0.kpi", "There is no KPI no."),
        ({"metrics": [PRIMARY, {**PRIMARY, "role": "guardrail"}]}, "metrics.1.margin", "a margin"),
        ({"metrics": [PRIMARY, PRIMARY]}, "metrics", "Choose each KPI once."),
        ({"courses": ["py", "no"]}, "courses.1", "Unknown course “no”."),
        ({"runs": ["py/no"]}, "runs.0", "Unknown run “py/no”."),
        ({"layer": {"name": "no", "start": 0, "end": 1}}, "layer.name", "Unknown layer “no”."),
        ({"key": "stored"}, "key", "already exists"),
        ({"key": "power"}, "key", "is reserved"),
        ({"key": "Not a key"}, "key", "Enter a key of lower-case letters"),
        ({"hypothesis": " "}, "hypothesis", "may not be blank"),
        ({"alpha": 0.5}, "alpha", "between 0 and 0.5"),
        ({"holdout": 1}, "holdout", "less than 1"),
        ({"planned_effect": "nan"}, "planned_effect", "valid number"),
        ({"planned_effect": 0}, "planned_effect", "greater than 0"),
        ({"planned_efect": 5}, "planned_efect", "Unknown field."),
    ],
)
def test_a_wrong_draft_is_not_saved(
    run: CourseRun, wrong: dict[str, Any], field: str, sentence: str
) -> None:
    draft("stored", courses=[run.course])
    before = everything()
    status, problem = creates(bearing(READ, WRITE), **wrong)

    assert (status, problem["field"]) == (400, field)
    assert sentence in problem["detail"]
    assert everything() == before


def test_a_wrong_edit_leaves_the_draft_as_it_was(run: CourseRun) -> None:
    client = bearing(READ, WRITE)
    creates(client)
    before = everything()

    assert replaces(client, name="Other", variants=strict(value=1.2))[0] == 400
    assert everything() == before


def test_all_problems_are_named_at_once(run: CourseRun) -> None:
    _, problem = creates(
        bearing(READ, WRITE), courses=["no"], variants=strict(value=2), metrics=[{"kpi": "no"}]
    )
    assert [one["field"] for one in problem["problems"]] == ["metrics.0.role"]

    _, problem = creates(
        bearing(READ, WRITE, name="other"),
        courses=["no"],
        variants=strict(value=2),
        metrics=[{"kpi": "no", "role": "primary"}],
    )
    assert [one["field"] for one in problem["problems"]] == [
        "courses.0", "metrics.0.kpi", "variants.1.values.0.value"
    ]  # fmt: skip


@pytest.mark.parametrize("sent_body", ["[]", "null", '"x"', "{", "[1]"])
def test_a_body_that_is_no_object_is_refused(sent_body: str) -> None:
    answer = bearing(READ, WRITE).post(LIST, sent_body, content_type="application/json")

    assert answer.status_code == 400
    assert answer.json()["detail"]


def test_a_limited_key_drafts_only_for_its_courses(run: CourseRun) -> None:
    other = run_of("r1", course="sql")
    Module.objects.create(course=other.course, key="marked", position=9)
    client = bearing(READ, WRITE, courses=(run.course,))
    elsewhere: list[dict[str, Any]] = [
        {"courses": ["sql"]},
        {"courses": [], "runs": ["sql/r1"]},
        {"courses": []},
    ]
    before = everything()
    found = [creates(client, **fields)[1]["detail"] for fields in elsewhere]
    found.append(creates(client, variants=strict(module="sql/marked"))[1]["detail"])

    assert found == [
        "Unknown course “sql”.", "Unknown run “sql/r1”.", "Choose courses or runs of your own.",
        "There is no module sql/marked.",
    ]  # fmt: skip
    assert everything() == before
    assert creates(client)[0] == 201


def test_drafts_of_other_courses_are_unknown_to_a_limited_key(run: CourseRun) -> None:
    draft(courses=[run_of("r1", course="sql").course])
    client = bearing(READ, WRITE, courses=(run.course,))

    assert replaces(client)[0] == 404
    assert client.delete(ONE).status_code == 404


def test_drafting_needs_the_permission_or_scope(run: CourseRun) -> None:
    draft("stored", courses=[run.course])
    assert creates(bearing(READ))[0] == 403
    assert creates(signed_in(course=run.course))[0] == 403
    assert bearing(READ, name="other").delete(f"{LIST}/stored").status_code == 403


def test_an_account_with_the_permission_drafts(run: CourseRun) -> None:
    status, made = creates(signed_in("run_experiment", course=run.course))
    row = Experiment.objects.get()

    assert (status, row.created_by and row.created_by.email) == (201, "bo@example.com")
    assert made["history"][0]["by"] == "bo@example.com"
