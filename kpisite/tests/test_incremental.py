"""Figures that were updated batch by batch equal figures recomputed from scratch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.tests.people import course, run_of
from curriculum.models import Course
from intake.events.senders import Sender
from intake.receiving.receive import receive
from kpis.aggregation import person_sums
from kpis.recompute import from_scratch, recompute_stale
from kpisite.tests import worlds
from kpisite.tests.worlds import COURSES, MODULES, RUNS, Event, World

pytestmark = pytest.mark.django_db

LMS = Sender("lms", creates_unknown=True)
EVERY = timedelta(days=4, hours=5)


class BusyWorld(World):
    """A world in which learners are also active in modules."""

    def achieve(self, start: datetime, who: Event) -> None:
        super().achieve(start, who)
        for _ in range(self.random.randint(0, 8)):
            kind = self.random.choice(tuple(TRACES))
            module = self.random.choice(MODULES)
            self.send(kind, self.moment(start, 60), **who, module=module, **TRACES[kind])


TRACES: dict[str, Event] = {
    "content.viewed": {},
    "note.written": {},
    "video.watched": {"object": "film", "data": {"segments": [[0, 40]], "duration": 100}},
    "quiz.attempted": {"object": "quiz"},
    "assessment.graded": {"object": "exam", "value": 0.7},
    "module.completed": {},
    "module.waived": {},
}


@pytest.fixture(autouse=True)
def _courses(settings: Any) -> list[Course]:
    settings.KPI_TIME_ZONE = "Europe/Berlin"
    made = [course(key, modules=2) for key in COURSES]
    for one in made:
        for run in RUNS:
            run_of(one, run)
    return made


@pytest.mark.once
@pytest.mark.parametrize("seed", [0])
def test_incremental_figures_equal_figures_from_scratch(seed: int) -> None:
    taken: set[str] = set()
    for now, batch in arriving(BusyWorld(seed)):
        for some in (batch, batch):
            waiting = [one for one in some if one["id"] not in taken]
            outcomes = receive(waiting, LMS, now=now)
            taken |= {one.id or "" for one in outcomes if one.status == "accepted"}
        recompute_stale.recompute_stale(now=now)
        recompute_stale.recompute_open(now)
        assert differences(now) == []


@pytest.mark.once
@pytest.mark.parametrize("facts_per_enrollment", [0, 1_000])
def test_figures_are_the_same_however_facts_are_looked_up(
    facts_per_enrollment: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the enrollments of one course, or by the dates of the facts of all."""
    monkeypatch.setattr(worlds, "LEARNERS", worlds.LEARNERS[:9])
    events = BusyWorld(1).events
    now = max(datetime.fromisoformat(one["occurred_at"]) for one in events) + EVERY
    receive(events, LMS, now=now)
    recompute_stale.recompute_stale(now=now)
    monkeypatch.setattr(person_sums, "FACTS_PER_ENROLLMENT", facts_per_enrollment)

    for one in Course.objects.all():
        assert differences(now, frozenset([one.pk])) == []


def arriving(world: World) -> Iterator[tuple[datetime, list[Event]]]:
    """Yield a batch per day; some events arrive up to 60 days late."""
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    arrivals: dict[datetime, list[Event]] = defaultdict(list)
    for event in world.events:
        at = datetime.fromisoformat(event["occurred_at"])
        late = timedelta(days=world.random.choice((0, 0, 0, 25)))
        arrivals[begin + (at + late - begin) // EVERY * EVERY + EVERY].append(event)
    for now in sorted(arrivals):
        yield now, arrivals[now]


def differences(now: datetime, courses: frozenset[int] = frozenset()) -> list[str]:
    """Compare all figures of the last days with their facts: those of the courses, or of all."""
    first = now.date() - timedelta(days=130)
    jobs = from_scratch.jobs_for(from_scratch.aggregated_indicators(), first, now.date(), now)
    if courses:
        jobs = [
            replace(job, periods=[(one, courses) for one, _ in job.periods], leaves_site=True)
            for job in jobs
        ]
    return [str(one) for one in from_scratch.differences(jobs, now)]
