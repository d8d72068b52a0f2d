"""The weekly summary: recipients, content, and how to unsubscribe."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from email.message import Message
from unittest.mock import patch

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.test import Client, override_settings

from accounts.models import User
from accounts.tests.people import account, course, moment
from alerts.tests.alerting import store_value
from core.tests.mail_box import MailBox, mail_box
from curriculum.models import Course
from dashboard import weekly_summary
from dashboard.weekly_summary import write_due
from kpis.tests.measured import COMPLETION
from notifications.delivery.deliver import DeliveryRun
from notifications.models import DigestUnsubscribe, Notification
from notifications.tests.notifying import create_alert
from notifications.unsubscribe import unsubscribe_url

pytestmark = pytest.mark.django_db

MONDAY = moment("2026-07-20T08:00")
HTTP = "http://localhost"


@pytest.fixture
def box() -> Iterator[MailBox]:
    with mail_box() as found:
        yield found


@pytest.fixture
def python() -> Course:
    """A course with an open alert."""
    made = course("py")
    create_alert(made)
    return made


def path_of(user: User) -> str:
    return unsubscribe_url(user)[unsubscribe_url(user).index("/weekly-summary/") :]


def test_a_manager_gets_one_summary_a_week(python: Course, box: MailBox) -> None:
    account("Ada", grants=(python,))
    account("Bo")
    written = [write_due(MONDAY), write_due(MONDAY + timedelta(hours=1))]
    DeliveryRun(clock=lambda: MONDAY).deliver()
    later = write_due(MONDAY + timedelta(days=7))

    assert (written, later) == ([1, 0], 1)
    assert box.recipients == ["ada@example.com"]
    assert "Course py: Planned misses its target, since 1 June 2026" in box.text_of()


@pytest.mark.parametrize(
    ("now", "written"),
    [
        ("2026-07-20T04:59", 0),
        ("2026-07-20T05:00", 1),
        ("2026-07-21T12:00", 1),
        ("2026-07-22T12:00", 0),
        ("2026-07-19T22:30", 0),
    ],
)
@override_settings(KPI_TIME_ZONE="Europe/Berlin")
def test_it_is_written_on_monday_at_seven_in_the_provider_s_zone(
    python: Course, now: str, written: int
) -> None:
    account("Ada", grants=(python,))

    assert write_due(moment(now)) == written


def test_a_summary_covers_only_granted_courses(python: Course) -> None:
    other = course("sql")
    bo = account("Bo", grants=(other,), is_staff=True)

    assert weekly_summary.content_of(bo, MONDAY)["open"] == []
    assert write_due(MONDAY) == 0


def measured_weeks(made: Course, *, n: int) -> None:
    """Measure a significant rise in the last closed week, that of 6 July."""
    store_value("2026-06-29", 50, n=n, of=made, kpi=COMPLETION, kind="week")
    store_value("2026-07-06", 100, n=n, of=made, kpi=COMPLETION, kind="week")


def test_a_significant_change_of_the_last_closed_week_is_included(python: Course) -> None:
    measured_weeks(python, n=1_000)
    (line,) = weekly_summary.content_of(account("Ada", grants=(python,)), MONDAY)["moved"]

    assert line["text"].startswith("Better than before: ")
    assert "100.0%" in line["text"]
    assert line["url"].startswith("http://localhost:")


def test_changes_in_small_groups_are_never_included(python: Course) -> None:
    measured_weeks(python, n=9)
    ada = account("Ada", grants=(python,))
    ada.user_permissions.add(Permission.objects.get(codename="view_small_groups"))

    assert weekly_summary.content_of(ada, MONDAY)["moved"] == []


def test_adjustments_are_included(python: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    line = {"text": "The parameter was changed.", "url": f"{HTTP}/"}
    monkeypatch.setattr(weekly_summary, "ADJUSTMENTS", [lambda *_: [line]])
    content = weekly_summary.content_of(account("Ada", grants=(python,)), MONDAY)

    assert content["adjusted"] == [line]


def test_a_summary_has_the_headers_to_unsubscribe(python: Course, box: MailBox) -> None:
    account("Ada", grants=(python,))
    write_due(MONDAY)
    DeliveryRun(clock=lambda: MONDAY).deliver()
    mail: Message = box.mails[0]

    link = unfolded(mail["List-Unsubscribe"]).strip("<>")

    assert Client().get(link.removeprefix(settings.KPI_BASE_URL)).status_code == 200
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def unfolded(header: object) -> str:
    return "".join(str(header).split())


def test_one_click_unsubscribes_without_signing_in(python: Course) -> None:
    ada = account("Ada", grants=(python,))
    client = Client(enforce_csrf_checks=True)
    client.get(path_of(ada))
    assert list(weekly_summary.subscribed_managers()) == [ada]
    client.post(path_of(ada), "List-Unsubscribe=One-Click", "application/x-www-form-urlencoded")

    assert list(weekly_summary.subscribed_managers()) == []
    assert write_due(MONDAY) == 0


def test_a_manager_can_subscribe_again(python: Course) -> None:
    ada = account("Ada", grants=(python,))
    Client().post(path_of(ada))
    page = Client().post(path_of(ada), {"subscribe": "yes"})

    assert list(weekly_summary.subscribed_managers()) == [ada]
    assert b"Unsubscribe" in page.content


def test_a_forged_link_does_not_unsubscribe(python: Course) -> None:
    ada = account("Ada", grants=(python,))
    answer = Client().post(path_of(ada)[:-1] + "_")

    assert answer.status_code == 404
    assert list(weekly_summary.subscribed_managers()) == [ada]


def test_an_expired_link_or_one_of_a_closed_account_does_not_unsubscribe(python: Course) -> None:
    ada = account("Ada", grants=(python,))
    link = path_of(ada)
    with patch("time.time", return_value=time.time() + 181 * 24 * 3600):
        assert Client().post(link).status_code == 404
    User.objects.update(is_active=False)

    assert Client().post(link).status_code == 404
    assert not DigestUnsubscribe.objects.exists()


def test_no_summary_is_sent_without_news() -> None:
    account("Ada", grants=(course(),))

    assert write_due(MONDAY) == 0
    assert Notification.objects.get().state == "dropped"
