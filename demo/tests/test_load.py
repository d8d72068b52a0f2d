from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from django.utils.module_loading import import_string
from pytest_django import Settings

from accounts.models import User
from alerts.models import Alert
from business.models import Payment, Referral, Subscription
from curriculum.models import Course
from demo import accounts, status
from demo.load import NotEmpty, begin, load, load_without_kpis
from engagement.models import AssessmentResult, DailyActivity, ModuleProgress, VideoProgress
from experiments.models import Analysis
from improvement.models import Adjustment
from intake.models import Event, RejectedEvent
from intake.replay import replay_events
from kpis.aggregation.grouped_sums import sums_by
from kpis.definitions.periods import containing
from kpis.definitions.registry import REGISTRY
from kpis.models import Measurement, RecomputeRun
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


class Killed(BaseException):
    """Ends a load as a killed process does."""


@pytest.mark.once
@pytest.mark.django_db
def test_a_load_killed_at_every_step_is_completed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("demo.load.BATCH", 1_000)
    monkeypatch.setattr("demo.load.PAUSE_SECONDS", 0)
    with undone():
        load(NOW, scale=FEW)
        expected = everything()

    # how often each is called before the load is killed there
    steps = {
        "demo.accounts.create": 0,
        "demo.load.receive": 2,
        "kpis.recompute.recompute_stale.recompute_stale": 0,
        "demo.experiment_story.tell": 0,
        "demo.status.end": 0,
    }
    for number, (step, calls) in enumerate(steps.items()):
        with patch(step, killing(import_string(step), calls)), pytest.raises(Killed):
            # each on another day
            load(NOW + timedelta(days=number), scale=FEW)
        assert status.is_loading()
    load(NOW + timedelta(days=9), scale=FEW)

    assert not status.is_loading()
    assert everything() == expected


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def killing(real: Callable[..., object], calls: int) -> Callable[..., object]:
    """Return a function that works so many times and is killed at the next."""
    left = count(calls, -1)

    def dying(*given: object, **named: object) -> object:
        if not next(left):
            raise Killed
        return real(*given, **named)

    return dying


def everything() -> list[list[tuple[object, ...]]]:
    """Return the facts, the figures, and what people see of the stories."""
    return [
        *facts(),
        sorted(Measurement.objects.values_list("kpi", "scope", "period_start", "total", "weight")),
        sorted(User.objects.values_list("email", "name", "learner__key")),
        sorted(RejectedEvent.objects.values_list("key", "code", "received_at")),
        sorted(Alert.objects.values_list("rule__name", "opened_at", "closed_at")),
        sorted(Adjustment.objects.values_list("status", "proposed_at")),
        sorted(Analysis.objects.values_list("experiment__key", "night", "verdict", "assigned")),
        list(RecomputeRun.objects.values_list("as_of")),
    ]


@pytest.mark.django_db
def test_pages_say_that_the_demonstration_is_still_being_loaded(client: Client) -> None:
    begin(NOW, scale=FEW, passwords=accounts.choose_passwords())
    assert "still being loaded" in client.get("/sign-in").content.decode()

    status.end()
    assert "still being loaded" not in client.get("/sign-in").content.decode()
