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

from accounts.reader import Reader
from alerts.models import Alert
from business.own_referrals import with_referrals
from core import reporting_clock
from curriculum.models import Enrollment, Learner, PlannedModule
from demo import dataset
from demo.dataset import Dataset
from demo.load import load_without_kpis
from demo.world.calendar import Calendar, last_day, month_of
from demo.world.catalog import ITEMS
from demo.world.journeys import Activity, Journey, Step
from engagement.facts import watched_segments
from engagement.facts.activity import COUNTS
from kpis.definitions.periods import containing, local_day
from kpis.definitions.registry import REGISTRY
from kpis.definitions.scopes import Scope
from kpis.query.query_service import KpiQueryService
from kpis.recompute import stale_days
from learners.progress.page import progress_page
from outcomes.models import Testimonial, Theme

NOW = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)

OCTOBER = containing(date(2026, 10, 1), "month", ZoneInfo("UTC"))

# enough learners to cover every branch
FEW = 0.05


@pytest.fixture(autouse=True)
def _own_folder(settings: Settings, tmp_path: Path) -> None:
    settings.KPI_DATA_DIR = tmp_path


def dataset_of(day: str, zone: str = "UTC", *, scale: float = 1.0) -> Dataset:
    return dataset.generate(Calendar(date.fromisoformat(day), ZoneInfo(zone)), scale=scale)


@pytest.mark.once
@pytest.mark.django_db
def test_the_last_closed_month_has_the_documented_values() -> None:
    out = StringIO()
    with patch("demo.management.commands.load_demo.timezone.now", return_value=NOW):
        call_command("load_demo", verbosity=0, stdout=out)
    shown = {key: value_in_october(key) for key in DOCUMENTED}

    assert shown == DOCUMENTED
    assert not stale_days.is_anything_stale()
    assert "manager manager@example.com" in out.getvalue()
    assert parts_that_the_learner_misses() == []
    assert Testimonial.objects.shown().count() >= 8
    assert courses_of_manager_alerts() == {"Cloud Operations"}
    assert Theme.objects.filter(analyses__isnull=False).distinct().count() >= 3


def parts_that_the_learner_misses() -> list[str]:
    """Return the parts of the demonstration learner's page that show nothing."""
    learner = with_referrals(Learner.objects.filter(user__email="learner@example.com")).get()
    page = progress_page(learner, NOW)
    parts = {
        "due next": page.due_next,
        "trend": page.trend,
        "streak": page.streak.longest,
        "watched": page.watched_seconds,
        "skills": page.attained,
        "certificates": page.certificates,
        "survey": page.surveys,
        "referrals": learner.own_code and learner.invitations_sent and learner.sign_ups,
        "compared": [some for one in page.courses for some in one.comparisons],
    }
    return [name for name, shown in parts.items() if not shown]


DOCUMENTED = {
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


def courses_of_manager_alerts() -> set[str]:
    alerts = Alert.objects.open().filter(inhibited_by=None).exclude(course=None)
    return {one.course.title for one in alerts if one.course}


def value_in_october(key: str) -> int:
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
def test_the_targets_are_met_on_any_day(day: str, zone: str, settings: Settings) -> None:
    settings.KPI_TIME_ZONE = zone
    data = dataset_of(day, zone)
    month = Calendar(date.fromisoformat(day), ZoneInfo(zone)).last_closed
    journeys = [one for one in data.journeys if one.counts]

    assert completion(journeys, month) == pytest.approx(0.90, abs=0.004)
    assert velocity(journeys, month) == pytest.approx(0.85, abs=0.004)
    assert depth(data, journeys, month) == pytest.approx(0.85, abs=0.004)
    assert performance(journeys, month) == pytest.approx(0.82, abs=0.004)
    assert sum(month_of(one.start) == month for one in journeys) == 195


def completion(journeys: list[Journey], month: date) -> float:
    due = [one for one in journeys if one.due and month_of(one.due) == month]
    return share([bool(one.due and all_done(one, before=one.due)) for one in due])


def all_done(journey: Journey, *, before: date) -> bool:
    return all(step.done and step.done < before for step in journey.steps)


def velocity(journeys: list[Journey], month: date) -> float:
    steps = [step for one in journeys for step in one.steps]
    due = [step for step in steps if step.due and month_of(step.due) == month]
    done = [step for step in due if step.done and step.done <= last_day(month)]
    return effort(done) / effort(due)


def effort(steps: list[Step]) -> int:
    return sum(step.module.effort_minutes for step in steps)


def performance(journeys: list[Journey], month: date) -> float:
    best: dict[tuple[int, str | None], float] = {}
    for number, activity in activities_in(journeys, month, "assessment.graded"):
        key = number, activity.object
        best[key] = max(best.get(key, 0), (activity.value or 0) / ITEMS)
    return sum(best.values()) / len(best)


def depth(data: Dataset, journeys: list[Journey], month: date) -> float:
    return (
        videos(data, journeys, month) + interaction(journeys, month) + quizzes(journeys, month)
    ) / 3


def videos(data: Dataset, journeys: list[Journey], month: date) -> float:
    objects = [one for many in data.catalog.objects.values() for one in many]
    lengths = {one.key: one.duration_seconds or 0 for one in objects}
    plays = [activity for _, activity in activities_in(journeys, month, "video.watched")]
    seen = [
        watched_segments.union((a, b) for a, b in (activity.data or {})["segments"])
        for activity in plays
    ]
    return sum(map(watched_segments.seconds, seen)) / sum(
        lengths[activity.object or ""] for activity in plays
    )


def interaction(journeys: list[Journey], month: date) -> float:
    weeks: dict[tuple[int, date], bool] = {}
    for number, journey in enumerate(journeys):
        for activity in journey.activities:
            monday = activity.day - timedelta(days=activity.day.weekday())
            if activity.kind in COUNTS and month_of(monday) == month:
                was = weeks.get((number, monday), False)
                weeks[number, monday] = was or COUNTS[activity.kind].productive > 0
    return share(list(weeks.values()))


def quizzes(journeys: list[Journey], month: date) -> float:
    reached = [activity for _, activity in activities_in(journeys, month, "module.started")]
    tried = {
        id(activity.step)
        for one in journeys
        for activity in one.activities
        if activity.kind == "quiz.attempted"
    }
    return share([id(activity.step) in tried for activity in reached])


def activities_in(
    journeys: list[Journey], month: date, kind: str
) -> Iterator[tuple[int, Activity]]:
    for number, journey in enumerate(journeys):
        for activity in journey.activities:
            if activity.kind == kind and month_of(activity.day) == month:
                yield number, activity


def share(claims: list[bool]) -> float:
    return sum(claims) / len(claims)


@pytest.mark.once
def test_the_same_day_gives_the_same_data() -> None:
    first, again = dataset_of("2026-11-22", scale=FEW), dataset_of("2026-11-22", scale=FEW)

    assert first.events == again.events


@pytest.mark.once
def test_another_seed_gives_other_data() -> None:
    calendar = Calendar(NOW.date(), ZoneInfo("UTC"))

    assert (
        dataset.generate(calendar, seed=1, scale=FEW).events
        != dataset.generate(calendar, seed=2, scale=FEW).events
    )


@pytest.mark.once
def test_no_event_is_from_today_or_later(settings: Settings) -> None:
    settings.KPI_TIME_ZONE = "America/New_York"
    data = dataset_of("2026-11-22", "America/New_York", scale=FEW)

    assert max(one["occurred_at"] for one in data.events) < "2026-11-22T05:00:00"


@pytest.mark.once
def test_modules_are_completed_in_order() -> None:
    for journey in dataset_of("2026-11-22").journeys:
        days = [day for step in journey.steps if step.done for day in (step.begun, step.done)]

        assert days == sorted(days, key=lambda day: day or date.max)


@pytest.mark.django_db
def test_due_days_match_those_of_the_curriculum(settings: Settings) -> None:
    settings.KPI_TIME_ZONE = "Europe/Berlin"
    data = load_without_kpis(NOW, scale=FEW)
    foreseen = {(one.learner.pk, one.run.pk): dates_of(one) for one in data.journeys}
    plans: dict[tuple[int, int], list[date | None]] = {}
    for one in Enrollment.objects.all():
        days = [
            at and local_day(at, reporting_clock.reporting_zone())
            for at in (one.due_at, *planned(one))
        ]
        plans[one.learner_id, one.run_id] = days

    assert plans == foreseen


def dates_of(journey: Journey) -> list[date | None]:
    return [journey.due, *(step.due for step in journey.steps)]


def planned(enrollment: Enrollment) -> list[datetime | None]:
    steps = PlannedModule.objects.filter(enrollment=enrollment).order_by("position")
    return list(steps.values_list("due_at", flat=True))
