from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from pytest_django import Settings

from accounts.access import Reader
from accounts.models import User
from alerts.models import Alert
from core import reporting_clock
from curriculum.models import Enrollment, PlannedModule
from demo import write_story
from demo.load import fill
from demo.world.calendar import Calendar, last_day, month_of
from demo.world.catalog import ITEMS
from demo.world.journeys import Act, Journey, Line
from demo.write_story import Story
from engagement.facts import watched_segments
from engagement.facts.activity import COUNTS
from kpis.definitions.aggregates import Scope
from kpis.definitions.periods import containing, local_day
from kpis.definitions.registry import REGISTRY
from kpis.query.query_service import KpiQueryService
from kpis.recompute import stale_periods
from outcomes.models import Testimonial, Theme

NOW = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)

OCTOBER = containing(date(2026, 10, 1), "month", ZoneInfo("UTC"))

# enough people for every path to be walked
FEW = 0.05


@pytest.fixture(autouse=True)
def _own_folder(settings: Settings, tmp_path: Path) -> None:
    settings.KPI_DATA_DIR = tmp_path


def told_on(day: str, zone: str = "UTC", *, scale: float = 1.0) -> Story:
    return write_story.write(Calendar(date.fromisoformat(day), ZoneInfo(zone)), scale=scale)


@pytest.mark.once
@pytest.mark.django_db
def test_the_last_closed_month_shows_the_promised_figures() -> None:
    out = StringIO()
    with patch("demo.management.commands.load_demo.timezone.now", return_value=NOW):
        call_command("load_demo", verbosity=0, stdout=out)
    shown = {key: shown_in_october(key) for key in PROMISED}

    assert shown == PROMISED
    assert not stale_periods.is_anything_stale()
    assert "manager manager@example.com" in out.getvalue()
    assert User.objects.get(email="learner@example.com").learner.enrollments.exists()
    assert Testimonial.objects.shown().count() >= 8
    assert told_to_managers() == ["Cloud Operations"]
    assert Theme.objects.filter(remarks__isnull=False).distinct().count() >= 3


PROMISED = {
    "engagement.completion-rate": 90,
    "engagement.progress-velocity": 85,
    "engagement.depth": 85,
    "engagement.assessment-performance": 82,
    "outcome.skill-attainment": 82,
    "outcome.certification-completion": 75,
    "outcome.satisfaction": 72,
    "outcome.csat": 88,
    "outcome.career-impact": 68,
    "business.enrollment": 195,
    "business.retention": 89,
    "business.referral": 35,
    "business.revenue": 48_750,
}


def told_to_managers() -> list[str]:
    alerts = Alert.objects.open().filter(inhibited_by=None).exclude(course=None)
    return [one.course.title for one in alerts if one.course]


def shown_in_october(key: str) -> int:
    everybody = Reader(True, True, True, frozenset())
    answer = KpiQueryService(everybody, NOW).metric_values(REGISTRY[key], Scope(), [OCTOBER])[
        OCTOBER
    ]
    assert answer.status == "ok"
    return round(answer.shown or 0)


@pytest.mark.once
@pytest.mark.parametrize(
    ("day", "zone"),
    [
        ("2027-01-01", "America/New_York"),
        ("2028-02-29", "Europe/Berlin"),
        ("2027-03-31", "Pacific/Auckland"),
        ("2026-05-02", "Asia/Kolkata"),
    ],
)
def test_any_day_is_a_good_day_to_load(day: str, zone: str, settings: Settings) -> None:
    settings.KPI_TIME_ZONE = zone
    told = told_on(day, zone)
    month = Calendar(date.fromisoformat(day), ZoneInfo(zone)).last_closed
    journeys = [one for one in told.journeys if one.counts]

    assert completion(journeys, month) == pytest.approx(0.90, abs=0.004)
    assert velocity(journeys, month) == pytest.approx(0.85, abs=0.004)
    assert depth(told, journeys, month) == pytest.approx(0.85, abs=0.004)
    assert performance(journeys, month) == pytest.approx(0.82, abs=0.004)
    assert sum(month_of(one.start) == month for one in journeys) == 195


def completion(journeys: list[Journey], month: date) -> float:
    due = [one for one in journeys if one.due and month_of(one.due) == month]
    return share([bool(one.due and all_done(one, before=one.due)) for one in due])


def all_done(journey: Journey, *, before: date) -> bool:
    return all(line.done and line.done < before for line in journey.lines)


def velocity(journeys: list[Journey], month: date) -> float:
    lines = [line for one in journeys for line in one.lines]
    due = [line for line in lines if line.due and month_of(line.due) == month]
    done = [line for line in due if line.done and line.done <= last_day(month)]
    return effort(done) / effort(due)


def effort(lines: list[Line]) -> int:
    return sum(line.module.effort_minutes for line in lines)


def performance(journeys: list[Journey], month: date) -> float:
    best: dict[tuple[int, str | None], float] = {}
    for number, act in acts_in(journeys, month, "assessment.graded"):
        key = number, act.object
        best[key] = max(best.get(key, 0), (act.value or 0) / ITEMS)
    return sum(best.values()) / len(best)


def depth(told: Story, journeys: list[Journey], month: date) -> float:
    return (
        videos(told, journeys, month) + interaction(journeys, month) + quizzes(journeys, month)
    ) / 3


def videos(told: Story, journeys: list[Journey], month: date) -> float:
    objects = [one for many in told.taught.objects.values() for one in many]
    lengths = {one.key: one.duration_seconds or 0 for one in objects}
    plays = [act for _, act in acts_in(journeys, month, "video.watched")]
    seen = [
        watched_segments.union((a, b) for a, b in (act.data or {})["segments"]) for act in plays
    ]
    return sum(map(watched_segments.seconds, seen)) / sum(
        lengths[act.object or ""] for act in plays
    )


def interaction(journeys: list[Journey], month: date) -> float:
    weeks: dict[tuple[int, date], bool] = {}
    for number, journey in enumerate(journeys):
        for act in journey.acts:
            monday = act.day - timedelta(days=act.day.weekday())
            if act.kind in COUNTS and month_of(monday) == month:
                was = weeks.get((number, monday), False)
                weeks[number, monday] = was or COUNTS[act.kind].productive > 0
    return share(list(weeks.values()))


def quizzes(journeys: list[Journey], month: date) -> float:
    reached = [act for _, act in acts_in(journeys, month, "module.started")]
    tried = {id(act.line) for one in journeys for act in one.acts if act.kind == "quiz.attempted"}
    return share([id(act.line) in tried for act in reached])


def acts_in(journeys: list[Journey], month: date, kind: str) -> Iterator[tuple[int, Act]]:
    for number, journey in enumerate(journeys):
        for act in journey.acts:
            if act.kind == kind and month_of(act.day) == month:
                yield number, act


def share(claims: list[bool]) -> float:
    return sum(claims) / len(claims)


@pytest.mark.once
def test_the_same_day_tells_the_same_story() -> None:
    first, again = told_on("2026-11-22", scale=FEW), told_on("2026-11-22", scale=FEW)

    assert first.events == again.events


@pytest.mark.once
def test_another_seed_tells_another_story() -> None:
    calendar = Calendar(NOW.date(), ZoneInfo("UTC"))

    assert (
        write_story.write(calendar, seed=1, scale=FEW).events
        != write_story.write(calendar, seed=2, scale=FEW).events
    )


@pytest.mark.once
def test_nothing_is_told_of_today_or_later(settings: Settings) -> None:
    settings.KPI_TIME_ZONE = "America/New_York"
    told = told_on("2026-11-22", "America/New_York", scale=FEW)

    assert max(one["occurred_at"] for one in told.events) < "2026-11-22T05:00:00"


@pytest.mark.once
def test_modules_are_done_one_after_another() -> None:
    for journey in told_on("2026-11-22").journeys:
        days = [day for line in journey.lines if line.done for day in (line.begun, line.done)]

        assert days == sorted(days, key=lambda day: day or date.max)


@pytest.mark.django_db
def test_the_dates_foreseen_are_those_of_the_curriculum(settings: Settings) -> None:
    settings.KPI_TIME_ZONE = "Europe/Berlin"
    told = fill(NOW, scale=FEW)
    foreseen = {(one.learner.pk, one.run.pk): dates_of(one) for one in told.journeys}
    plans: dict[tuple[int, int], list[date | None]] = {}
    for one in Enrollment.objects.all():
        days = [
            at and local_day(at, reporting_clock.reporting_zone())
            for at in (one.due_at, *planned(one))
        ]
        plans[one.learner_id, one.run_id] = days

    assert plans == foreseen


def dates_of(journey: Journey) -> list[date | None]:
    return [journey.due, *(line.due for line in journey.lines)]


def planned(enrollment: Enrollment) -> list[datetime | None]:
    lines = PlannedModule.objects.filter(enrollment=enrollment).order_by("position")
    return list(lines.values_list("due_at", flat=True))
