"""Which old rows are deleted, and which are kept."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from axes.models import AccessAttempt
from django.contrib.admin.models import LogEntry
from django.utils import timezone
from pytest_django import Settings

from accounts.audit import Action
from accounts.audit import record as audit
from accounts.models import AccessRecord, Session, User
from accounts.tests.people import account
from alerts.models import EvaluationRun
from curriculum.erasing import is_erased
from curriculum.models import Learner
from engagement.models import DailyActivity
from intake.models import Event, ImportRun, RejectedEvent
from intake.receiving.receive import receive
from intake.replay import replay_events
from intake.tests.lms import LMS, event, school
from kpis.models import RecomputeRun, Restatement, Verification
from kpis.tests.measured import COMPLETION, measured
from kpisite.jobs import retention
from kpisite.jobs.history_span import first_and_last_day
from kpisite.jobs.retention import delete_old
from kpisite.tasks import delete_old as task
from learners.own_data import erasures
from notifications.models import Notification
from notifications.tests.notifying import create_alert, only_channel, record
from outcomes.feedback import theme_actions
from outcomes.models import Response, Testimonial, TopicRun
from outcomes.tests import comments
from outcomes.tests import school as outcomes_school

pytestmark = pytest.mark.django_db

NOW = datetime.fromisoformat("2026-07-15T12:00:00+00:00")


def ago(days: int) -> datetime:
    return NOW - timedelta(days=days)


def restated(*moments: datetime) -> None:
    sums = {"n": 4, "total": 1, "weight": 4, "learners": 4}
    row = measured(COMPLETION, "2026-06", total=3, n=5)
    for at in moments:
        Restatement.objects.create(measurement=row, **sums, computed_at=at, restated_at=at)


def test_restatements_are_deleted_after_two_years() -> None:
    restated(ago(729), ago(731))

    assert delete_old(NOW) == {"restatement": 1}
    assert Restatement.objects.get().restated_at == ago(729)


@pytest.mark.parametrize(
    ("model", "more"),
    [
        (RecomputeRun, {}),
        (EvaluationRun, {}),
        (Verification, {}),
        (TopicRun, {"comments": 1, "themes": 1}),
    ],
)
def test_all_runs_but_the_latest_are_deleted_after_ninety_days(
    model: Any, more: dict[str, int]
) -> None:
    at = "searched_at" if model is TopicRun else "as_of"
    for days in (200, 100, 91):
        model.objects.create(**{at: ago(days)}, **more)
    delete_old(NOW)

    assert list(model.objects.values_list(at, flat=True)) == [ago(91)]


def imported(days: int, **fields: Any) -> ImportRun:
    report = {"csv": {"read": 2, "rejected": {"“Ada Lovelace” is no date.": 1}}}
    given = {"kind": "csv marks", "status": "done", "report": report, "error": "Line 2", **fields}
    run = ImportRun.objects.create(source="marks.csv", digest=f"{days}", **given)
    ImportRun.objects.filter(pk=run.pk).update(started_at=ago(days))
    return run


def test_reports_of_imported_files_are_emptied_after_a_year_and_the_import_stays() -> None:
    new, old, running = imported(364), imported(366), imported(400, status="running")
    data_set = imported(401, kind="oulad", status="failed")

    assert delete_old(NOW) == {"import report": 1}
    assert delete_old(NOW) == {}
    for run in (new, old, running, data_set):
        run.refresh_from_db()
    assert (old.report, old.error, old.digest) == ({}, "", "366")
    assert all((new.report, running.report, data_set.report))


def test_expired_sessions_are_deleted() -> None:
    for key, days in (("past", 1), ("good", -1)):
        Session.objects.create(session_key=key, session_data="", expire_date=ago(days))
    delete_old(NOW)

    assert [one.pk for one in Session.objects.all()] == ["good"]


@pytest.mark.parametrize(
    ("state", "days", "closed_at", "stays"),
    [
        ("sent", 181, NOW, False),
        ("dead", 181, NOW, False),
        ("dropped", 181, NOW, False),
        ("sent", 179, NOW, True),
        ("waiting", 181, NOW, True),
        ("sent", 181, None, True),
    ],
)
def test_notifications_are_deleted_after_half_a_year_unless_the_alert_is_open(
    state: str, days: int, closed_at: datetime | None, *, stays: bool
) -> None:
    only_channel("email", "ada@example.com")
    record(create_alert(closed_at=closed_at))
    sent_at = NOW if state == "sent" else None
    Notification.objects.update(state=state, created_at=ago(days), sent_at=sent_at)
    delete_old(NOW)

    assert Notification.objects.exists() is stays


def rejected(key: str, received: int, resolved: int | None = None) -> None:
    RejectedEvent.objects.create(
        sender="lms",
        key=key,
        payload="{}",
        digest=key,
        code="unknown_course",
        received_at=ago(received),
        resolved_at=None if resolved is None else ago(resolved),
    )


def test_rejected_events_are_deleted_half_a_year_after_being_resolved_or_received() -> None:
    rejected("resolved long ago", 300, 181)
    rejected("resolved lately", 300, 179)
    rejected("never resolved", 181)
    rejected("fresh", 1)
    delete_old(NOW)

    found = set(RejectedEvent.objects.values_list("key", flat=True))
    assert found == {"resolved lately", "fresh"}


def test_many_rows_are_deleted_in_batches() -> None:
    restated(*[ago(800 + at) for at in range(5)])
    with patch.object(retention, "BATCH", 2):
        assert delete_old(NOW) == {"restatement": 5}


def test_the_task_may_run_twice() -> None:
    restated(ago(800))
    task()
    task()

    assert not Restatement.objects.exists()


def send_old_event() -> None:
    school()
    receive([event()], LMS)
    Event.objects.filter(sender="lms").update(received_at=ago(401))


def test_events_are_kept_forever_by_default() -> None:
    send_old_event()
    delete_old(NOW)

    assert Event.objects.filter(sender="lms").exists()


def test_events_are_purged_after_the_days_of_the_setting_by_whole_months(settings: Any) -> None:
    settings.KPI_KEEP_EVENTS_DAYS = 400
    send_old_event()
    # of June 2025, whose last day is 380 days ago
    assert delete_old(NOW) == {}

    Event.objects.filter(sender="lms").update(received_at=ago(411))
    assert delete_old(NOW) == {"event": 1}
    assert not Event.objects.filter(sender="lms").exists()
    assert DailyActivity.objects.exists()
    assert delete_old(NOW) == {}


def test_the_history_still_begins_with_a_purged_event(settings: Any) -> None:
    settings.KPI_KEEP_EVENTS_DAYS = 400
    school()
    unmapped = event(kind="lamp.lit", at="2024-02-03T09:00:00Z")
    receive([unmapped], LMS, now=ago(411))
    delete_old(NOW)

    assert first_and_last_day(NOW) == (date(2024, 2, 3), NOW.date())


def test_records_of_access_are_deleted_after_two_years() -> None:
    for days in (729, 731):
        audit(None, Action.VIEWED, about=Event, row=days)
        AccessRecord.objects.filter(row=str(days)).update(at=ago(days))
    delete_old(NOW)

    assert [one.row for one in AccessRecord.objects.all()] == ["729"]


def test_failed_sign_ins_are_deleted_after_a_day() -> None:
    for days in (0, 2):
        AccessAttempt.objects.create(username=f"{days}", failures_since_start=1)
        AccessAttempt.objects.filter(username=f"{days}").update(attempt_time=ago(days))
    delete_old(NOW)

    assert [one.username for one in AccessAttempt.objects.all()] == ["0"]


def test_the_history_of_the_admin_is_deleted_after_three_years() -> None:
    bo = User.objects.create_user("bo@example.com")
    for days in (1_094, 1_096):
        LogEntry.objects.create(user=bo, object_repr=f"{days}", action_flag=2)
        LogEntry.objects.filter(object_repr=f"{days}").update(action_time=ago(days))
    delete_old(NOW)

    assert [one.object_repr for one in LogEntry.objects.all()] == ["1094"]


def test_comments_are_deleted_with_their_events_and_scores_stay(settings: Any) -> None:
    settings.KPI_KEEP_COMMENTS_DAYS = 90
    outcomes_school.school()
    old, new = (
        comments.wrote(f"Lovely {at}.", at=at, nps=9, may_quote=True)
        for at in ("2026-01-20", "2026-07-01")
    )
    theme_actions.approve(
        Response.objects.get(enrollment__learner__key=old), by=User.objects.create_user("b@x.org")
    )

    assert delete_old(NOW) == {"comment": 1}
    replay_events()
    found = Response.objects.values_list("enrollment__learner__key", "nps", "comment")
    assert set(found) == {(old, 9, ""), (new, 9, "Lovely 2026-07-01.")}
    assert not Testimonial.objects.exists()
    assert delete_old(NOW) == {}


def test_the_same_task_erases_learners_who_asked_for_it(settings: Settings) -> None:
    settings.KPI_ERASURE_WAIT_DAYS = 0
    ada = Learner.objects.create(key="ada", name="Ada", user=account("Ada"))
    erasures.ask(ada, timezone.now())
    task()
    task()

    assert not User.objects.exists()
    assert is_erased(Learner.objects.get())
