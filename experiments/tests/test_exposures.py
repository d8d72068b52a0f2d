"""Exposures come as events, late, twice and in any order."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from curriculum.models import CourseRun, Learner
from experiments import lifecycle
from experiments.assignment import assign
from experiments.models import Assignment, Experiment, Exposure
from experiments.tests.trials import DAY, STARTED_AT, draft, enroll_many, start
from intake.events.batch import EventOutcome
from intake.events.senders import Sender
from intake.models import Event
from intake.purging import purge
from intake.receiving.receive import receive
from intake.replay import replay_course
from kpis.tests.kernel import run_of

pytestmark = pytest.mark.django_db
NOW = STARTED_AT + 10 * DAY
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _kpis(few_kpis: None) -> None: ...


@pytest.fixture
def bo(run: CourseRun) -> Learner:
    return enroll_many(run, 1, prefix="bo")[0]


@pytest.fixture
def experiment(run: CourseRun, bo: Learner) -> Experiment:
    made = start(draft(courses=[run.course]))
    assign([bo.pk], now=STARTED_AT + DAY)
    return made


def event(
    at: datetime,
    *,
    key: str = "strict-marks",
    learner: str = "bo000000",
    id: str = "",  # noqa: A002 - the name in the API
    **more: Any,
) -> dict[str, Any]:
    variant = more.pop("variant", None)
    data = {"experiment": key, **({"variant": variant} if variant else {})}
    named = {"learner": learner} if learner else {}
    return {
        "id": id or f"{at:%d%H%M%S}{variant or ''}",
        "kind": "experiment.exposed",
        "occurred_at": at.isoformat(),
        "data": data,
        **named,
        **more,
    }


def sent(*events: dict[str, Any]) -> list[EventOutcome]:
    return receive(list(events), Sender("lms"), now=NOW)


def exposures() -> list[tuple[str, datetime]]:
    rows = Exposure.objects.order_by("first_at", "pk").values_list("variant__key", "first_at")
    return list(rows)


def variant() -> str:
    return Assignment.objects.values_list("variant__key", flat=True).get()


@pytest.mark.usefixtures("experiment")
def test_the_earliest_exposure_counts_in_whatever_order_events_come() -> None:
    moments = [STARTED_AT + DAY + HOUR * at for at in (1, 2, 3)]
    for number, order in enumerate(permutations(moments)):
        Exposure.objects.all().delete()
        for at in order:
            sent(event(at, id=f"{number}-{at:%H}"))

        assert exposures() == [(variant(), moments[0])]


@pytest.mark.usefixtures("experiment")
def test_an_event_sent_twice_is_recorded_once() -> None:
    first = event(STARTED_AT + DAY + HOUR)
    assert [one.status for one in sent(first)] == ["accepted"]
    assert [one.status for one in sent(first)] == ["duplicate"]
    assert len(exposures()) == 1


@pytest.mark.usefixtures("experiment")
def test_a_named_variant_is_recorded_even_if_it_is_not_the_assigned_one() -> None:
    at = STARTED_AT + DAY + HOUR
    sent(event(at, variant="control"), event(at, variant="strict"))

    assert {key for key, _ in exposures()} == {"control", "strict"}


@pytest.mark.parametrize(
    ("changes", "code", "sentence"),
    [
        ({"key": "none"}, "unknown_experiment", "there is no experiment “none”"),
        ({"at": STARTED_AT - DAY}, "before_start", "started later"),
        ({"at": STARTED_AT + HOUR}, "before_assignment", "is before the assignment"),
        ({"at": STARTED_AT + 6 * DAY}, "after_end", "ended on 2026-03-07"),
        ({"variant": "wild"}, "unknown_variant", "It has: control, strict."),
        ({"learner": "cleo"}, "unknown_learner", "unknown learner"),
        ({"learner": "zoe"}, "not_assigned", "learner: has no variant"),
        ({"learner": ""}, "missing", "needs the learner that was exposed"),
        ({"course": "sql"}, "outside_audience", "“sql” is not in the audience"),
    ],
)
def test_a_wrong_exposure_is_rejected_with_a_sentence(
    experiment: Experiment, changes: dict[str, Any], code: str, sentence: str
) -> None:
    run_of("s1", course="sql")
    Learner.objects.create(key="zoe")
    lifecycle.stop(experiment, None, reason="Done.", now=STARTED_AT + 5 * DAY)
    at = changes.pop("at", STARTED_AT + 2 * DAY)
    (outcome,) = sent(event(at, **changes))

    assert (outcome.status, outcome.code) == ("rejected", code)
    assert sentence in outcome.reason
    assert not Exposure.objects.exists()


@pytest.mark.usefixtures("bo")
def test_an_exposure_of_a_draft_is_rejected(run: CourseRun) -> None:
    draft(courses=[run.course])
    (outcome,) = sent(event(STARTED_AT))

    assert (outcome.code, outcome.field) == ("not_started", "data.experiment")


@pytest.mark.usefixtures("experiment")
def test_a_wrong_exposure_keeps_no_other_from_being_recorded() -> None:
    outcomes = sent(event(STARTED_AT + 2 * DAY), event(STARTED_AT + 3 * DAY, variant="wild"))

    assert [one.status for one in outcomes] == ["accepted", "rejected"]
    assert len(exposures()) == 1


def test_runs_are_exposed_with_their_course(run: CourseRun, bo: Learner) -> None:
    start(draft(courses=[run.course], unit="run"))
    assign([bo.pk], now=STARTED_AT + DAY)
    at = STARTED_AT + 2 * DAY
    wrong, right = sent(event(at), event(at, id="x", learner="", course="py", run="r1"))

    assert (wrong.code, wrong.field) == ("missing", "run")
    assert right.status == "accepted"
    assert Exposure.objects.get().run == run


@pytest.mark.usefixtures("experiment")
def test_a_retracted_exposure_leaves_the_others() -> None:
    first, second = STARTED_AT + 2 * DAY, STARTED_AT + 3 * DAY
    sent(event(first, id="a"), event(second, id="b"))
    sent({"id": "a", "kind": "experiment.exposed", "correction": "retract"})
    assert exposures() == [(variant(), second)]

    sent({"id": "b", "kind": "experiment.exposed", "correction": "retract"})
    assert exposures() == []


@pytest.mark.usefixtures("experiment")
def test_a_corrected_exposure_moves() -> None:
    at = STARTED_AT + 2 * DAY
    sent(event(at, id="a"))
    sent({**event(at + DAY, id="a"), "correction": "replace"})

    assert exposures() == [(variant(), at + DAY)]


@pytest.mark.usefixtures("experiment")
def test_a_replay_records_the_same_exposures() -> None:
    sent(event(STARTED_AT + 3 * DAY), event(STARTED_AT + 2 * DAY, course="py"))
    before = exposures()
    Exposure.objects.all().delete()
    for course in (None, *{one.course for one in Event.objects.all()} - {None}):
        replay_course(course)

    assert exposures() == before


@pytest.mark.usefixtures("experiment")
def test_exposures_of_purged_events_stay() -> None:
    at = STARTED_AT + 2 * DAY
    sent(event(at, id="a"), event(at + DAY, id="b"))
    purge(Event.objects.filter(key="a"))
    (outcome,) = sent({"id": "b", "kind": "experiment.exposed", "correction": "retract"})

    assert outcome.code == "purged"
    assert exposures() == [(variant(), at)]
