"""Removing the demonstration keeps all real data."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client, override_settings
from pytest_django import DjangoDbBlocker, Settings

from accounts.models import User
from accounts.tests.people import account
from alerts.models import Alert
from business.models import Customer, Payment
from curriculum.models import Course, Enrollment, Learner, Skill
from demo.load import load
from intake.events.senders import Sender
from intake.models import Event, RejectedEvent
from intake.receiving.receive import receive
from kpis.models import Measurement
from kpis.recompute import recompute_stale
from kpisite.launcher import prepare

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)
LMS = Sender("lms", creates_unknown=True)
FEW = 0.02
PAID = {"amount": "250", "currency": "USD"}


def real(key: str, kind: str, day: str, **more: Any) -> dict[str, Any]:
    event = {"id": key, "kind": kind, "occurred_at": f"{day}T00:00:00Z"}
    return event | {"learner": "ada", "course": "statistics", "run": "first"} | more


@pytest.fixture(scope="module", autouse=True)
def _demonstration(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    """Load the demonstration, and Ada as a real learner of statistics, once for these tests."""
    folder = override_settings(KPI_DATA_DIR=tmp_path_factory.mktemp("data"))
    with django_db_blocker.unblock(), folder, transaction.atomic():
        load(NOW, scale=FEW)
        outcomes = receive(
            [
                real("1", "enrollment.started", "2026-10-05"),
                real("2", "content.viewed", "2026-10-06"),
                real("3", "payment.received", "2026-10-05", object="bill-1", data=PAID),
            ],
            LMS,
            now=NOW,
        )
        assert {one.status for one in outcomes} == {"accepted"}, outcomes
        recompute_stale.recompute_stale(now=NOW)
        yield
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _own_folder(settings: Settings, tmp_path: Path) -> None:
    settings.KPI_DATA_DIR = tmp_path


def removed() -> str:
    out = StringIO()
    with patch("demo.management.commands.remove_demo.timezone.now", return_value=NOW):
        call_command("remove_demo", "--no-input", stdout=out)
    return out.getvalue()


def stored(scope: str) -> set[tuple[object, ...]]:
    rows = Measurement.objects.filter(scope=scope, n__gt=0)
    return set(rows.values_list("kpi", "period_kind", "period_start", "n", "total", "weight"))


def test_only_real_data_stay() -> None:
    account("Bo", is_staff=True, is_superuser=True)

    assert "was deleted" in removed()

    assert [one.key for one in Course.objects.all()] == ["statistics"]
    assert [one.key for one in Learner.objects.all()] == ["ada"]
    assert [one.key for one in Customer.objects.all()] == ["ada"]
    assert set(Event.objects.values_list("sender", flat=True)) == {"lms"}
    assert Payment.objects.count() == 1
    assert [one.email for one in User.objects.all()] == ["bo@example.com"]
    assert not any(model.objects.exists() for model in (RejectedEvent, Skill, Alert))
    # with one course, the figures of the site are those of the course
    assert stored("site") == stored("course")
    assert ("business.enrollment", "month", date(2026, 10, 1), 1, 1.0, 1.0) in stored("site")


@pytest.mark.once
def test_a_course_that_another_sender_uses_stays_without_demonstration_learners() -> None:
    account("Bo", is_staff=True, is_superuser=True)
    started = real("4", "enrollment.started", "2026-10-05") | {"course": "data-analysis"}
    receive([started], LMS, now=NOW)

    removed()

    assert {one.key for one in Course.objects.all()} == {"data-analysis", "statistics"}
    assert [one.key for one in Learner.objects.all()] == ["ada"]
    assert Enrollment.objects.count() == 2


@pytest.mark.once
def test_the_last_account_is_not_removed() -> None:
    with pytest.raises(CommandError, match="Create an account of your own first"):
        removed()

    assert Course.objects.count() > 1


@pytest.mark.once
def test_the_next_start_does_not_load_it_again() -> None:
    account("Bo", is_staff=True, is_superuser=True)
    removed()
    Course.objects.all().delete()

    prepare.begin_demonstration()

    assert not Course.objects.exists()
    assert "no demonstration data" in removed()


@pytest.mark.once
def test_pages_label_the_figures_as_demonstration_data() -> None:
    client = Client()
    client.force_login(account("Bo", is_staff=True, is_superuser=True))
    assert "Demonstration data" in client.get("/alerts").content.decode()

    removed()

    assert "Demonstration data" not in client.get("/alerts").content.decode()


def test_without_a_terminal_nothing_is_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO())
    with pytest.raises(CommandError, match="Use --no-input"):
        call_command("remove_demo")
