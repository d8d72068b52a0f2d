"""Reports by e-mail: when they are written, what they hold, and how they end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from unittest.mock import patch

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.test import Client, override_settings

from accounts.models import CourseGrant, User
from accounts.tests.people import account, course, moment
from core.tests.mail_box import MailBox, mail_box
from curriculum.models import Course
from dashboard.models import ReportSubscription
from dashboard.reports import subscriptions
from dashboard.reports.schedule import write_due
from dashboard.reports.unsubscribe import unsubscribe_url
from kpis.tests.measured import COMPLETION, measured
from notifications.delivery.deliver import DeliveryRun
from notifications.models import Notification

pytestmark = pytest.mark.django_db

# late data have three days
DUE = moment("2026-07-04T07:30")


@pytest.fixture
def box() -> Iterator[MailBox]:
    with mail_box() as found:
        yield found


@pytest.fixture
def python() -> Course:
    made = course("py")
    measured(COMPLETION, "2026-06", total=90, n=100, of=made)
    return made


@pytest.fixture
def ada(python: Course) -> User:
    return account("Ada", grants=(python,))


def subscribed(user: User, frequency: str = "monthly", **given: str) -> ReportSubscription:
    with at("2026-06-20T12:00"):
        return subscriptions.subscribe(user, "engagement", given, frequency)


def at(text: str) -> AbstractContextManager[object]:
    return patch("django.utils.timezone.now", return_value=moment(text))


def sent(now: datetime = DUE) -> int:
    with patch("django.utils.timezone.now", return_value=now):
        write_due(now)
        return DeliveryRun(clock=lambda: now).deliver()


def test_a_report_has_the_figures_in_the_mail_and_the_page_as_a_file(
    ada: User, box: MailBox
) -> None:
    subscribed(ada)
    sent()
    (file,) = box.mails[0].iter_attachments()  # type: ignore[attr-defined]

    assert box.mails[0]["Subject"] == "Engagement & Learning – June 2026"
    assert "Completion rate: 90.0% (82.6–94.5%)" in box.text_of()
    assert "Target met: 5.0 pts above 85%" in box.text_of()
    assert file.get_filename() == "engagement.pdf"
    assert file.get_content().startswith(b"%PDF-")


def test_a_report_is_sent_once_however_often_its_task_runs(ada: User, box: MailBox) -> None:
    subscribed(ada)
    counts = [sent(), sent(), sent(DUE + timedelta(hours=5))]

    assert counts == [1, 0, 0]
    assert box.recipients == ["ada@example.com"]


@pytest.mark.parametrize(
    ("frequency", "now", "count"),
    [
        ("monthly", "2026-07-04T06:59", 0),
        ("monthly", "2026-07-04T07:00", 1),
        ("monthly", "2026-07-06T06:59", 1),
        ("monthly", "2026-07-06T07:00", 0),
        # Monday 6 July and three days
        ("weekly", "2026-07-09T06:59", 0),
        ("weekly", "2026-07-09T07:00", 1),
    ],
)
def test_a_report_is_due_at_seven_once_the_figures_are_final(
    ada: User, frequency: str, now: str, count: int
) -> None:
    subscribed(ada, frequency)

    assert write_due(moment(now)) == count


@override_settings(KPI_TIME_ZONE="America/New_York")
def test_seven_is_in_the_time_zone_of_the_site(ada: User) -> None:
    subscribed(ada)

    assert write_due(moment("2026-07-04T10:59")) == 0
    assert write_due(moment("2026-07-04T11:00")) == 1


def test_a_new_subscription_waits_for_the_next_report(ada: User) -> None:
    with at("2026-07-04T07:10"):
        subscriptions.subscribe(ada, "engagement", {}, "monthly")

    assert write_due(DUE) == 0


def test_a_report_is_in_the_language_of_its_reader(ada: User, box: MailBox) -> None:
    User.objects.update(language="de")
    subscribed(ada)
    sent()

    assert "Abschlussquote: 90,0\N{NO-BREAK SPACE}%" in box.text_of()


def test_nothing_is_sent_after_the_grant_was_withdrawn(ada: User, box: MailBox) -> None:
    one = subscribed(ada, course="py")
    with patch("django.utils.timezone.now", return_value=DUE):
        write_due(DUE)
    CourseGrant.objects.all().delete()

    assert sent() == 0
    one.refresh_from_db()
    assert (one.ended, Notification.objects.get().state) == ("access", "dropped")


def test_nothing_is_written_for_a_closed_account(ada: User) -> None:
    subscribed(ada)
    User.objects.update(is_active=False)

    assert write_due(DUE) == 0


def test_small_groups_are_hidden_whatever_the_reader_may_see(box: MailBox) -> None:
    small = course("small")
    measured(COMPLETION, "2026-06", total=3, n=4, of=small, learners=4)
    bo = account("Bo", grants=(small,))
    bo.user_permissions.add(Permission.objects.get(codename="view_small_groups"))
    subscribed(bo, course="small")
    sent()

    assert "Completion rate: – – Hidden" in box.text_of()
    assert "75.0%" not in box.text_of()


def test_one_click_ends_the_subscription_without_signing_in(ada: User, box: MailBox) -> None:
    one = subscribed(ada)
    sent()
    header = "".join(str(box.mails[0]["List-Unsubscribe"]).split()).strip("<>")
    path = header.removeprefix(settings.KPI_BASE_URL)
    client = Client(enforce_csrf_checks=True)
    with at("2026-07-05T12:00"):
        assert client.get(path).status_code == 200
        assert ReportSubscription.objects.get().ended_at is None
        client.post(path, "List-Unsubscribe=One-Click", "application/x-www-form-urlencoded")
    one.refresh_from_db()

    assert one.ended == "reader"
    assert write_due(moment("2026-08-04T07:30")) == 0


def test_the_page_behind_the_link_takes_it_back(ada: User) -> None:
    one = subscribed(ada)
    path = unsubscribe_url(one).removeprefix(settings.KPI_BASE_URL)
    Client().post(path)
    Client().post(path, {"subscribe": "yes"})
    one.refresh_from_db()

    assert one.ended_at is None
    assert Client().post(path[:-1] + "_").status_code == 404
