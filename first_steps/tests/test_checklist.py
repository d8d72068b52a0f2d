"""The checklist ticks itself from what is in the database."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from accounts.tests.people import account, course
from first_steps import found
from first_steps.checklist import checklist_of
from first_steps.models import Dismissal
from intake.events.senders import Sender
from intake.receiving.receive import receive
from kpis.models import Target
from kpis.signals import recompute_finished
from notifications.models import Channel

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)
DASHBOARD, PAGE = "/kpi-dashboard", "/first-steps"


@pytest.fixture(autouse=True)
def bo(settings: Settings, tmp_path: Path) -> User:
    settings.KPI_DATA_DIR = tmp_path
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    return account("Bo", is_staff=True, is_superuser=True)


def done(bo: User) -> set[str]:
    return set(checklist_of(bo, with_demonstration=False).found.done)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text_of(client: Client, path: str) -> str:
    return " ".join(client.get(path).content.decode().split())


def enroll_ada(sender: str = "lms", course: str = "statistics") -> None:
    event = {"id": "1", "kind": "enrollment.started", "occurred_at": "2026-10-05T00:00:00Z"}
    event |= {"learner": "ada", "course": course, "run": "first"}
    (outcome,) = receive([event], Sender(sender, creates_unknown=True), now=NOW)
    assert outcome.status == "accepted", outcome


def test_an_empty_site_has_an_account_and_nothing_else(bo: User) -> None:
    assert done(bo) == {"account"}


def test_each_step_is_ticked_by_what_it_is_about(bo: User) -> None:
    course()
    assert done(bo) == {"account", "courses"}
    enroll_ada()
    assert done(bo) == {"account", "courses", "data"}
    account("Mo", is_staff=True)
    assert done(bo) == {"account", "courses", "data", "people"}
    Channel.objects.create(kind="slack", name="Chat", address="https://chat.example.org/hook")
    Target.objects.create(kpi="business.revenue", version=2, value=5, set_by=bo)

    assert checklist_of(bo, with_demonstration=False).is_complete


def test_mail_that_is_only_printed_reaches_nobody(bo: User, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert not found.channels().exists()

    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert found.channels().exists()


def test_it_takes_one_query(bo: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        done(bo)


def test_an_empty_dashboard_waits_for_the_first_event(bo: User) -> None:
    page = text_of(signed_in(bo), DASHBOARD)

    assert "Waiting for the first event" in page
    assert "curl http://testserver/api/events" in page


def test_once_events_arrive_a_line_is_left_with_what_is_next(bo: User) -> None:
    enroll_ada()
    page = text_of(signed_in(bo), DASHBOARD)

    assert "Waiting for the first event" not in page
    assert "First steps: 3 of 6 done. Next: Your targets." in page
    assert "1 enrollment" in text_of(signed_in(bo), PAGE)


@pytest.mark.once
def test_a_list_that_has_enough_can_be_dismissed_and_shown_again(bo: User) -> None:
    client = signed_in(bo)
    client.post(f"{PAGE}/dismiss")
    assert not Dismissal.objects.exists()
    enroll_ada()
    client.post(f"{PAGE}/dismiss")
    assert "First steps:" not in text_of(client, DASHBOARD)

    client.post(f"{PAGE}/show")
    assert "First steps:" in text_of(client, DASHBOARD)


@pytest.mark.once
def test_those_who_may_do_nothing_of_it_learn_whom_to_ask(bo: User) -> None:
    client = signed_in(account("Mo", grants=(course(),)))

    assert "To have it sent, ask Bo." in text_of(client, DASHBOARD)
    assert client.get(PAGE).status_code == 403


@pytest.mark.once
def test_what_the_demonstration_has_brought_is_not_ones_own(bo: User) -> None:
    enroll_ada("demonstration", "data-analysis")
    account("Staff", is_staff=True, is_superuser=True)
    client = signed_in(bo)

    assert checklist_of(bo, with_demonstration=True).found.done == {"account"}
    assert "First steps:" not in text_of(client, DASHBOARD)
    assert "Last: remove the demonstration" in text_of(client, PAGE)


@pytest.mark.once
def test_an_event_without_figures_updates_a_page_that_waits(bo: User) -> None:
    with patch("first_steps.live.publish_change") as published:
        recompute_finished.send(None)

    (topics,) = published.call_args.args
    assert "engagement.month" in topics
