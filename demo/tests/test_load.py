from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from business.models import Payment, Referral, Subscription
from curriculum.models import Course
from demo.load import NotEmpty, load, load_without_kpis
from engagement.models import AssessmentResult, DailyActivity, ModuleProgress, VideoProgress
from intake.models import Event, RejectedEvent
from intake.replay import replay_events
from kpis.aggregation.grouped_sums import sums_by
from kpis.definitions.periods import containing
from kpis.definitions.registry import REGISTRY
from outcomes.models import (
    CareerOutcome,
    Certificate,
    Response,
    SkillAssessment,
)

NOW = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)

OCTOBER = containing(date(2026, 10, 1), "month", ZoneInfo("UTC"))

PERFORMANCE = "engagement.assessment-performance"

# enough people for every path to be walked
FEW = 0.05


@pytest.fixture(autouse=True)
def _own_folder(settings: Settings, tmp_path: Path) -> None:
    settings.KPI_DATA_DIR = tmp_path


@pytest.mark.django_db
def test_a_changed_event_changes_the_value() -> None:
    load_without_kpis(NOW, scale=FEW)
    before = figure(PERFORMANCE)
    graded = Event.objects.filter(
        kind="assessment.graded", occurred_at__gte=OCTOBER.start, occurred_at__lt=OCTOBER.end
    )
    graded.update(value=0)
    replay_events()

    assert before > 0.5
    assert figure(PERFORMANCE) == 0


def figure(key: str) -> float:
    return sums_by(REGISTRY[key], OCTOBER)[()].value or 0


@pytest.mark.django_db
def test_a_replay_gives_the_same_facts() -> None:
    load_without_kpis(NOW, scale=FEW)
    before = facts()
    replay_events()

    assert facts() == before


def facts() -> list[list[tuple[object, ...]]]:
    return [
        sorted(SkillAssessment.objects.values_list("enrollment", "skill", "stage", "score")),
        sorted(Certificate.objects.values_list("enrollment", "earned_at", "number")),
        sorted(Response.objects.values_list("enrollment", "wave__key", "comment")),
        sorted(CareerOutcome.objects.values_list("enrollment", "kind", "reported_at")),
        sorted(Payment.objects.values_list("key", "amount", "currency", "customer__key")),
        sorted(Subscription.objects.values_list("key", "started_at", "customer__key")),
        sorted(Referral.objects.values_list("learner", "course", "code")),
        sorted(
            AssessmentResult.objects.values_list("enrollment", "assessment", "attempt", "score")
        ),
        sorted(VideoProgress.objects.values_list("enrollment", "video", "watched_seconds")),
        sorted(ModuleProgress.objects.values_list("planned", "reached_at")),
        sorted(DailyActivity.objects.values_list("enrollment", "module", "day", "interactions")),
    ]


@pytest.mark.django_db
def test_some_events_are_unmapped_and_some_rejected() -> None:
    load_without_kpis(NOW, scale=0.12)

    assert Event.objects.unmapped().exists()
    assert RejectedEvent.objects.exists()


@pytest.mark.django_db
def test_nothing_is_loaded_if_there_are_courses() -> None:
    Course.objects.create(key="py", title="Python")

    with pytest.raises(CommandError, match="already contains courses"):
        call_command("load_demo", verbosity=0)
    with pytest.raises(NotEmpty):
        load(NOW, scale=FEW)


@pytest.mark.django_db
def test_an_interrupted_load_leaves_nothing(tmp_path: Path) -> None:
    def cut(what: str, by: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(NOW, scale=FEW, progress=cut)

    assert not Course.objects.exists()
    assert not (tmp_path / "demo-accounts.txt").exists()
