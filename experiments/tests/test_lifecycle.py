"""Draft, check, start, change, stop."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import User
from curriculum import parameters
from curriculum.models import CourseRun, Module
from experiments import checklist, deviations, drafts, lifecycle, locked_plan
from experiments.drafts import PlannedMetric, PlannedValue
from experiments.models import Experiment, ExperimentEvent, Layer, Variant
from experiments.tests.trials import (
    CONTROL,
    DAY,
    PASS_MARK,
    PRIMARY,
    STARTED_AT,
    STRICT,
    draft,
    enroll_many,
    start,
)
from kpis.tests import kernel
from kpis.tests.kernel import BOTH, PLANNED, run_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _kpis(few_kpis: None) -> None: ...


@pytest.fixture
def run() -> CourseRun:
    made = run_of("r1")
    enroll_many(made, 5)
    return made


def failed(experiment: Experiment) -> dict[str, str]:
    items = checklist.checklist(experiment, STARTED_AT)
    return {one.key: one.sentence for one in items if not one.passed}


def test_a_good_draft_passes_the_checklist(run: CourseRun) -> None:
    assert failed(draft(courses=[run.course])) == {}


@pytest.mark.parametrize(
    ("fields", "item", "sentence"),
    [
        ({"variants": ()}, "variants", "Add at least two variants. Mark one variant"),
        ({"variants": (replace(STRICT, weight=Decimal(1)),)}, "variants", "at least two"),
        ({"variants": (CONTROL, replace(STRICT, values=()))}, "values", "Strict changes no"),
        ({"metrics": ()}, "kpis", "Choose one primary KPI."),
        ({"planned_end": None}, "end", "Set a planned end."),
        ({"planned_end": date(2026, 3, 2)}, "end", "must be after today"),
        ({"planned_end": date(2029, 1, 1)}, "end", "more than two years away"),
    ],
)
def test_what_is_missing_keeps_a_draft_from_starting(
    run: CourseRun, fields: dict[str, Any], item: str, sentence: str
) -> None:
    experiment = draft(courses=[run.course], **fields)

    assert sentence in failed(experiment)[item]
    with pytest.raises(ValidationError, match=sentence):
        start(experiment)
    experiment.refresh_from_db()
    assert experiment.is_draft


def test_an_empty_audience_keeps_a_draft_from_starting() -> None:
    experiment = draft(courses=[run_of("s1", course="sql").course])

    assert failed(experiment) == {"audience": "Nobody is in the audience."}


def with_value(key: str = PASS_MARK, value: str = "0.8", module: Module | None = None) -> Any:
    planned = PlannedValue(parameter_key=key, value=Decimal(value), module=module)
    return (CONTROL, replace(STRICT, values=(planned,)))


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        (
            {"variants": (CONTROL, replace(STRICT, weight=Decimal("0.4")))},
            "weights",
            "The weights add up to 0.9 instead of 1.",
        ),
        ({"variants": (CONTROL, replace(CONTROL, key="b"))}, "variants", "Mark one variant"),
        ({"variants": (CONTROL, replace(STRICT, key="control"))}, "variants", "the same key"),
        ({"variants": with_value(value="1.2")}, "values", "between 30% and 100%"),
        ({"variants": with_value(value="0.72")}, "values", "steps"),
        ({"variants": with_value(value="0.6")}, "values", "already is 60%"),
        ({"variants": with_value("no.such")}, "values", "There is no parameter no.such."),
        ({"variants": with_value("velocity.on-pace")}, "values", "measurement setting"),
        ({"variants": with_value("module.planned-days", "9")}, "values", "It can for: runs, mod"),
        ({"metrics": (PRIMARY, PRIMARY)}, "metrics", "Choose each KPI once."),
        (
            {"metrics": (PRIMARY, replace(PRIMARY, kpi=PLANNED))},
            "metrics",
            "Choose one primary KPI.",
        ),
        ({"metrics": (PlannedMetric(kpi=BOTH, role="primary"),)}, "metrics", "combined from"),
        ({"metrics": (PlannedMetric(kpi="no.kpi", role="primary"),)}, "metrics", "There is no"),
        (
            {"metrics": (PRIMARY, PlannedMetric(kpi=PLANNED, role="guardrail"))},
            "metrics",
            "A guardrail needs a margin",
        ),
        ({"key": "Not a key"}, "key", "Enter a key"),
        ({"planned_effect": -1.0}, "planned_effect", "greater than or equal to 0"),
        ({"layer_from": Decimal("0.5")}, "__all__", "Enter the part of the layer"),
    ],
)
def test_what_can_never_be_right_is_refused_with_nothing_written(
    run: CourseRun,
    monkeypatch: pytest.MonkeyPatch,
    fields: dict[str, Any],
    field: str,
    sentence: str,
) -> None:
    kernel.declare_both(monkeypatch)
    with pytest.raises(ValidationError) as refused:
        draft(courses=[run.course], **fields)

    assert sentence in " ".join(refused.value.message_dict[field])
    assert not Experiment.objects.exists()


def test_the_module_of_a_value_belongs_to_the_audience(run: CourseRun) -> None:
    other = run_of("s1", course="sql").course.modules.first()
    with pytest.raises(ValidationError, match="not in the audience"):
        draft(courses=[run.course], variants=with_value(module=other))


def test_two_experiments_on_one_parameter_need_a_layer(run: CourseRun) -> None:
    start(draft("first", courses=[run.course]))
    second = draft("second", courses=[run.course])

    assert "“First” runs for some of the same learners" in failed(second)["overlap"]
    with pytest.raises(ValidationError, match="Put both into one layer"):
        start(second)


def test_parts_of_a_layer_must_be_apart(run: CourseRun) -> None:
    layer = Layer.objects.create(name="Marks")

    def part(key: str, begin: str, end: str) -> Experiment:
        bounds: dict[str, Any] = {"layer_from": Decimal(begin), "layer_to": Decimal(end)}
        return draft(key, courses=[run.course], layer=layer, **bounds)

    start(part("first", "0", "0.5"))
    assert failed(part("second", "0.5", "1")) == {}
    assert "already has a part" in failed(part("third", "0.4", "0.6"))["overlap"]


def test_experiments_in_different_courses_do_not_overlap(run: CourseRun) -> None:
    start(draft("first", courses=[run.course]))
    other = run_of("s1", course="sql")
    enroll_many(other, 3, prefix="S")

    assert failed(draft("second", courses=[other.course])) == {}
    assert "overlap" in failed(draft("third"))


def test_the_start_locks_the_plan(run: CourseRun, ada: User) -> None:
    experiment = start(draft(courses=[run.course]), ada)

    assert (experiment.state, experiment.started_by) == ("running", ada)
    assert experiment.plan is not None
    assert Decimal(experiment.plan["variants"][1]["values"][0]["value"]) == Decimal("0.8")
    assert locked_plan.is_intact(experiment)
    experiment.plan["hypothesis"] = "Something else."
    assert not locked_plan.is_intact(experiment)
    with pytest.raises(ValidationError, match="Started by"):
        drafts.save(experiment, {"name": "Other"}, variants=(), metrics=(), by=ada)


def test_the_end_and_the_weights_may_change_as_deviations(run: CourseRun, ada: User) -> None:
    experiment = start(draft(courses=[run.course]))
    changes = {"planned_end": date(2026, 12, 1), "weights": {"control": "0.2", "strict": "0.8"}}
    edited = deviations.edit_running(experiment, ada, changes, reason="Slow.", now=STARTED_AT + DAY)

    assert edited.planned_end == date(2026, 12, 1)
    assert {one.key: one.weight for one in Variant.objects.all()} == {
        "control": Decimal("0.2"),
        "strict": Decimal("0.8"),
    }
    found = {one.field: (one.before, one.after) for one in edited.deviations.all()}
    assert found["planned_end"][1] == {"planned_end": "2026-12-01"}
    assert found["weights"][0] == {"weights": {"control": "0.5", "strict": "0.5"}}
    assert locked_plan.is_intact(edited)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"hypothesis": "Other."}, "the plan is locked"),
        ({"weights": {"control": "0.2", "strict": "0.7"}}, "add up to 0.9"),
        ({"weights": {"control": "1"}}, "Enter a weight for each variant"),
        ({"planned_end": date(2026, 3, 1)}, "a day after the start"),
        ({"planned_end": date(2026, 9, 1)}, "Nothing would change"),
    ],
)
def test_other_changes_of_a_running_experiment_are_refused(
    run: CourseRun, changes: dict[str, Any], sentence: str
) -> None:
    experiment = start(draft(courses=[run.course]))
    with pytest.raises(ValidationError, match=sentence):
        deviations.edit_running(experiment, None, changes, reason="Why not.", now=STARTED_AT + DAY)

    experiment.refresh_from_db()
    assert not experiment.deviations.exists()
    assert set(Variant.objects.values_list("weight", flat=True)) == {Decimal("0.5")}


def test_a_value_set_meanwhile_is_a_deviation(run: CourseRun, ada: User) -> None:
    experiment = start(draft(courses=[run.course]))
    row = parameters.parameter_for(PASS_MARK, course=run.course)
    parameters.set_value(row, Decimal("0.7"), reason="The exam changed.", by=ada)

    found = experiment.deviations.get()
    assert (found.field, found.by, found.reason) == ("value", ada, "The exam changed.")
    assert found.after == {PASS_MARK: "0.7000"}


def test_who_comes_late_learns_what_happened(run: CourseRun, ada: User) -> None:
    experiment = start(draft(courses=[run.course]), ada)
    lifecycle.stop(experiment, ada, reason="Done.", expected_version=experiment.version)

    for late in (start, lambda one: lifecycle.stop(one, ada, reason="Also.")):
        with pytest.raises(ValidationError, match="Stopped by ada"):
            late(experiment)
    assert experiment.events.filter(kind="stopped").count() == 1


def test_an_outdated_page_changes_nothing(run: CourseRun, ada: User) -> None:
    experiment = draft(courses=[run.course])
    with pytest.raises(ValidationError, match="has changed meanwhile"):
        lifecycle.start(experiment, ada, expected_version=experiment.version - 1, now=STARTED_AT)


@pytest.mark.parametrize("reason", ["", "  "])
def test_stopping_needs_a_reason(run: CourseRun, reason: str) -> None:
    experiment = start(draft(courses=[run.course]))
    with pytest.raises(ValidationError, match="Enter a reason"):
        lifecycle.stop(experiment, None, reason=reason)


def test_only_drafts_are_deleted(run: CourseRun) -> None:
    lifecycle.delete(draft("first", courses=[run.course]))
    experiment = start(draft("second", courses=[run.course]))
    with pytest.raises(ValidationError):
        lifecycle.delete(experiment)

    assert Experiment.objects.get() == experiment


def test_history_cannot_be_rewritten(run: CourseRun) -> None:
    entry = draft(courses=[run.course]).events.get()
    entry.reason = "Other."
    with pytest.raises(ValueError, match="cannot be changed"):
        entry.save()


def test_the_history_says_what_changed(run: CourseRun, ada: User) -> None:
    experiment = draft(courses=[run.course], by=ada)
    fields = {"name": "Stricter"}
    drafts.save(
        experiment, fields, variants=(CONTROL, STRICT), metrics=(PRIMARY,),
        courses=[run.course], by=ada,
    )  # fmt: skip
    kinds = ExperimentEvent.Kind

    assert [one.kind for one in experiment.events.all()] == [kinds.CREATED, kinds.EDITED]
    last = experiment.events.last()
    assert last is not None
    assert (last.before, last.after) == ({"name": "Strict marks"}, {"name": "Stricter"})


def test_the_database_keeps_what_must_not_be(run: CourseRun) -> None:
    experiment = draft(courses=[run.course])
    wrong: list[dict[str, Any]] = [
        {"state": "running"},
        {"state": "stopped", "started_at": STARTED_AT, "plan": {}},
        {"verdict": "ship"},
        {"holdout": Decimal(1)},
        {"alpha": Decimal(0)},
    ]
    for fields in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            Experiment.objects.filter(pk=experiment.pk).update(**fields)
