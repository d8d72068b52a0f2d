"""Readers who may not see small groups cannot compute what one learner did."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.tests.people import account
from curriculum.models import CourseRun, Learner
from experiments.analysis.analyze import analyze
from experiments.assignment import assign
from experiments.disclosure import disclosure_of
from experiments.drafts import PlannedMetric
from experiments.models import Analysis, Experiment, Exposure
from experiments.tests.bearers import LIST, READ, SMALL, bearing
from experiments.tests.outcomes import in_variant, start_in
from experiments.tests.pages import PAGE
from experiments.tests.trials import DAY, PRIMARY, STARTED_AT, draft, enroll_many, start
from kpis.tests.kernel import PLANNED, STARTED, run_of
from kpis.tests.visitors import Visitor

pytestmark = pytest.mark.django_db
NOTE = "Hidden to protect groups of fewer than 10 people."


@pytest.fixture(autouse=True)
def _kpis(few_kpis: None, _in_july_2026: None) -> None: ...


@pytest.fixture
def other() -> CourseRun:
    """Where learners of the experiment start something, which the KPI counts."""
    return run_of("r2")


@pytest.fixture
def experiment(run: CourseRun) -> Experiment:
    """An experiment with a secondary KPI, in which a hundred learners are assigned."""
    learners = enroll_many(run, 100)
    metrics = (PRIMARY, PlannedMetric(kpi=PLANNED, role="secondary"))
    made = start(draft(courses=[run.course], planned_n=20, metrics=metrics))
    assign([one.pk for one in learners], now=STARTED_AT)
    return made


def exposed(experiment: Experiment, number: int, other: CourseRun) -> None:
    """Expose more learners of each variant, all of whom start the other run."""
    for key in ("control", "strict"):
        known = Exposure.objects.filter(experiment=experiment).values("learner")
        some: list[Learner] = [
            one
            for one in in_variant(experiment, key)
            if one.pk not in {row["learner"] for row in known}
        ][:number]
        at = STARTED_AT + DAY
        Exposure.objects.bulk_create(
            Exposure(
                experiment=experiment,
                learner=one,
                variant=experiment.variants.get(key=key),
                first_at=at,
                first_on=at.date(),
            )
            for one in some
        )
        start_in(other, some, at + DAY, completed=number // 2)


def analyzed(experiment: Experiment, day: int) -> Analysis:
    return analyze(experiment, now=STARTED_AT + (3 + day) * DAY)


def shown(experiment: Experiment, kpi: str = STARTED) -> list[int]:
    """Return the days of the analyses that a manager sees the figures of."""
    rows = list(experiment.analyses.select_related("experiment"))
    found = disclosure_of(rows, sees_small_groups=False)
    return [
        (one.computed_at - STARTED_AT).days - 3 for one in rows if not found.hides_kpi(one, kpi)
    ]


def of_manager(experiment: Experiment) -> Visitor:
    return Visitor(account("Bo", grants=tuple(experiment.courses.all())))


def test_analyses_that_differ_by_one_learner_are_not_both_shown(
    experiment: Experiment, other: CourseRun
) -> None:
    exposed(experiment, 20, other)
    analyzed(experiment, 0)
    exposed(experiment, 1, other)
    analyzed(experiment, 1)

    assert shown(experiment) == [1]


def test_analyses_that_enough_learners_set_apart_are_shown(
    experiment: Experiment, other: CourseRun
) -> None:
    exposed(experiment, 15, other)
    analyzed(experiment, 0)
    for day, number in ((1, 4), (2, 5), (3, 1), (4, 9)):
        exposed(experiment, number, other)
        analyzed(experiment, day)

    # 34, 25, 24, 19 and 15 learners in each variant: 34 − 24 = 10 are enough, 24 − 15 are not
    assert shown(experiment) == [4, 2]


def test_only_learners_with_facts_count(experiment: Experiment, other: CourseRun) -> None:
    exposed(experiment, 20, other)
    analysis = analyzed(experiment, 0)
    analysis.results.filter(kpi=PLANNED, variant__key="strict").update(without_rows=19)

    assert shown(experiment) == [0]
    assert shown(experiment, PLANNED) == []


def test_a_page_shows_the_other_kpis(experiment: Experiment, other: CourseRun) -> None:
    exposed(experiment, 20, other)
    analyzed(experiment, 0).results.filter(kpi=PLANNED).update(without_rows=19)
    manager = of_manager(experiment)
    text = manager.reads(f"{PAGE}/{experiment.key}")
    csv = manager.client.get(f"{PAGE}/{experiment.key}/results.csv").content.decode()

    assert f"Planned: {NOTE}" in text
    assert "Started Strict" in text
    assert "Planned Strict" not in text
    assert csv == bearing(READ).get(f"{LIST}/{experiment.key}/results?format=csv").content.decode()


def test_a_verdict_of_hidden_figures_is_hidden(experiment: Experiment, other: CourseRun) -> None:
    exposed(experiment, 20, other)
    found = analyzed(experiment, 0)
    found.results.filter(kpi=STARTED).update(without_rows=19)
    Analysis.objects.update(verdict="ship", why={"code": "better", "kpi": STARTED, "p": 0.01})
    manager = of_manager(experiment)

    for path in (PAGE, f"{PAGE}/{experiment.key}"):
        text = manager.reads(path)
        assert NOTE in text
        assert "improves" not in text
        assert "Ship" not in text


def test_a_verdict_of_numbers_alone_is_shown(experiment: Experiment, other: CourseRun) -> None:
    exposed(experiment, 20, other)
    analyzed(experiment, 0).results.update(without_rows=19)
    Analysis.objects.update(verdict="invalid", why={"code": "mismatch", "p": 0.0001})

    assert "contradict the weights" in of_manager(experiment).reads(f"{PAGE}/{experiment.key}")


def results(client: Client, experiment: Experiment) -> list[list[bool]]:
    """Return which results are suppressed, analysis by analysis, the latest first."""
    page = client.get(f"{LIST}/{experiment.key}/analyses").json()
    return [[row["is_suppressed"] for row in one["results"]] for one in page["results"]]


def test_the_api_suppresses_the_same(experiment: Experiment, other: CourseRun) -> None:
    exposed(experiment, 20, other)
    analyzed(experiment, 0)
    exposed(experiment, 1, other)
    analyzed(experiment, 1)
    reader, sees_all = bearing(READ), bearing(READ, SMALL, name="sees-all")
    last, first = reader.get(f"{LIST}/{experiment.key}/analyses").json()["results"]

    assert (last["is_suppressed"], first["is_suppressed"]) == (False, True)
    assert (first["verdict"], first["sentence"]) == (None, NOTE)
    started = [one for one in first["results"] if one["kpi"] == STARTED]
    assert [(one["n"], one["effect"], one["sums"]) for one in started] == [(None, None, None)] * 2
    # page by page the same, although the later one is on another page
    assert reader.get(f"{LIST}/{experiment.key}/analyses?limit=1").json()["next"]
    assert not any(map(any, results(sees_all, experiment)))


def test_the_csv_of_the_api_has_no_hidden_figures(experiment: Experiment, other: CourseRun) -> None:
    exposed(experiment, 20, other)
    analyzed(experiment, 0).results.filter(kpi=PLANNED).update(without_rows=19, n=20)
    lines = bearing(READ).get(f"{LIST}/{experiment.key}/results?format=csv").content.decode()

    planned = next(one for one in lines.splitlines() if f",{PLANNED},secondary,con" in one)
    assert set(planned.split(",")[6:]) == {"", "True"}


def test_held_figures_are_hidden_until_the_stop(
    experiment: Experiment, other: CourseRun, settings: Settings
) -> None:
    settings.KPI_HOLD_OPEN_FIGURES = True
    exposed(experiment, 20, other)
    analyzed(experiment, 0)

    assert shown(experiment) == []
    Experiment.objects.update(state="stopped", stopped_at=STARTED_AT + 9 * DAY)
    assert shown(experiment) == [0]


def test_whoever_may_see_small_groups_sees_all(experiment: Experiment, other: CourseRun) -> None:
    exposed(experiment, 2, other)
    found = disclosure_of([analyzed(experiment, 0)], sees_small_groups=True)

    assert not found.hides_verdict(Analysis.objects.get())
