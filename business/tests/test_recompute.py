"""Changes mark days stale, and stored values follow the facts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from accounts.tests.people import moment
from business.tests.shop import did, ends, enrolled, holds, paid, period, refund, school
from curriculum.models import Learner
from curriculum.signals import learners_changed
from intake.replay import replay_events
from kpis.aggregation.grouped_sums import sums_by
from kpis.definitions.registry import REGISTRY
from kpis.models import DataFreshness, Measurement, StaleDay
from kpis.recompute.recompute_stale import recompute_stale
from kpis.tests.stale import marks

pytestmark = pytest.mark.django_db

NOW = moment("2026-06-10")


def stale_days(slug: str) -> set[tuple[str | None, str]]:
    """The stale (course, day) pairs of a KPI, which are deleted when read."""
    key = f"business.{slug}"
    found = {(course, f"{day:%m-%d}") for _, course, day in marks(key=key)}
    StaleDay.objects.filter(key=key).delete()
    return found


def measured(slug: str, month: str, scope: str = "site") -> tuple[float, float] | None:
    """The stored total and weight."""
    row = Measurement.objects.filter(
        kpi=f"business.{slug}",
        scope=scope,
        period_kind="month",
        period_start=date.fromisoformat(f"{month}-01"),
    ).first()
    return (row.total, row.weight) if row else None


@pytest.fixture(autouse=True)
def _school() -> None:
    school("py", "sql")


def test_a_payment_marks_only_its_own_day() -> None:
    paid("ada", "1.00", "2026-05-03", course="py", payment="p1")
    assert stale_days("revenue") == {("py", "05-03")}

    paid("ada", "1.00", "2026-05-09")
    assert stale_days("revenue") == {(None, "05-09")}

    refund("ada", "1.00", "2026-06-02", payment="p1")
    assert stale_days("revenue") == {("py", "06-02"), (None, "06-02")}


def test_a_payment_that_moves_marks_both_days() -> None:
    paid("ada", "1.00", "2026-05-03", payment="p1")
    stale_days("revenue")
    paid("ada", "1.00", "2026-05-01", payment="p1")

    assert stale_days("revenue") == {(None, "05-01"), (None, "05-03")}


def test_a_subscription_marks_the_days_it_is_held() -> None:
    holds("ada", "s1", "2026-05-03", course="py")
    stale_days("retention")
    ends("s1", "cancelled", "2026-05-05")
    days = stale_days("retention")

    # it was held until now, and is not from 5 May on
    assert ("py", "05-05") in days
    assert ("py", "05-04") not in days

    ends("s1", "cancelled", "2026-05-04")
    assert stale_days("retention") == {("py", "05-04"), ("py", "05-05")}


def test_a_pause_marks_nothing() -> None:
    holds("ada", "s1", "2026-05-03")
    stale_days("retention")
    ends("s1", "paused", "2026-05-05")

    assert stale_days("retention") == set()


def test_enrolling_and_leaving_mark_the_start_day() -> None:
    enrolled("ada", at="2026-05-03")
    assert stale_days("enrollment") == stale_days("referral") == {("py", "05-03")}

    did("enrollment.withdrawn", "2026-05-04", "ada", course="py")
    assert stale_days("enrollment") == stale_days("referral") == {("py", "05-03")}


def test_leaving_marks_the_enrollment_that_becomes_a_transfer() -> None:
    enrolled("ada", at="2026-04-03", run="r1")
    enrolled("ada", at="2026-05-03", run="r2")
    stale_days("enrollment")
    did("enrollment.withdrawn", "2026-05-02", "ada", course="py", run="r1")

    assert stale_days("enrollment") == {("py", "04-03"), ("py", "05-03")}


def test_a_referral_marks_the_start_day_of_its_enrollment() -> None:
    enrolled("ada", at="2026-05-03")
    did("invitation.sent", "2026-05-01", "bo", code="X")
    stale_days("referral")
    did("referral.accepted", "2026-05-02", "ada", course="py", code="X")

    assert stale_days("referral") == {("py", "05-03")}


def test_becoming_staff_removes_a_customer_from_every_kpi() -> None:
    enrolled("ada", at="2026-05-03")
    holds("ada", "s1", "2026-05-03", course="sql")
    ends("s1", "cancelled", "2026-05-04")
    paid("ada", "1.00", "2026-05-05")
    StaleDay.objects.all().delete()
    Learner.objects.update(kind="staff")
    learners_changed.send(Learner, ids=list(Learner.objects.values_list("pk", flat=True)))

    assert stale_days("enrollment") == {("py", "05-03")}
    assert stale_days("retention") == {("sql", "05-03"), ("sql", "05-04")}
    assert stale_days("revenue") == {(None, "05-05")}


def test_events_update_the_data_freshness() -> None:
    enrolled("ada", at="2026-05-03")
    paid("ada", "1.00", "2026-05-09", course="py")
    paid("ada", "1.00", "2026-05-20")
    (feed,) = DataFreshness.objects.filter(category="business")

    assert (feed.course.key, feed.data_through) == ("py", moment("2026-05-09T12:00:00"))


def test_site_and_courses_are_computed_separately() -> None:
    enrolled("ada", "bo", at="2026-05-03")
    holds("ada", "s1", "2026-04-03", course="py")
    holds("ada", "s2", "2026-04-03")
    ends("s1", "cancelled", "2026-05-03")
    paid("ada", "250.00", "2026-05-03", course="py")
    paid("ada", "50.00", "2026-05-04")
    recompute_stale(now=NOW)

    assert measured("enrollment", "2026-05") == (2, 2)
    assert measured("retention", "2026-05") == (1, 1)
    assert measured("retention", "2026-05", "course") == (0, 1)
    assert measured("revenue", "2026-05") == (30_000, 2)
    assert measured("revenue", "2026-05", "course") == (25_000, 1)
    assert not Measurement.objects.filter(kpi="business.retention", scope="run").exists()


def test_stored_values_follow_late_changes_of_facts() -> None:
    """The stored months agree with the facts after each late event."""
    holds("ada", "s1", "2026-02-03", course="py")
    holds("bo", "s2", "2026-02-10")
    holds("cleo", "s3", "2026-03-10", course="sql")
    recompute_stale(now=NOW)
    news: list[Callable[[], None]] = [
        lambda: ends("s1", "cancelled", "2026-04-20"),
        lambda: ends("s2", "finished", "2026-05-31T23:59:59Z"),
        lambda: holds("ada", "s1", "2026-04-25", course="py"),
        lambda: ends("s1", "cancelled", "2026-03-02"),
        lambda: ends("s3", "cancelled", "2026-05-01T00:00:00Z"),
    ]
    for late in news:
        late()
        recompute_stale(now=NOW)
        assert stored_sums() == computed_sums()


MONTHS = ("2026-02", "2026-03", "2026-04", "2026-05")


def stored_sums() -> list[tuple[float, float]]:
    return [measured("retention", month) or (0, 0) for month in MONTHS]


def computed_sums() -> list[tuple[float, float]]:
    retention = REGISTRY["business.retention"]
    found = [sums_by(retention, period(month))[()] for month in MONTHS]
    return [(one.total, one.weight) for one in found]


def test_a_replay_leaves_the_values_unchanged() -> None:
    holds("ada", "s1", "2026-02-03", course="py")
    paid("ada", "1.00", "2026-05-03", course="py")
    paid("ada", "1.00", "2026-05-03")
    recompute_stale(now=NOW)
    before = list(Measurement.objects.order_by("pk").values("pk", "total", "weight", "n"))
    replay_events()
    recompute_stale(now=NOW)

    assert list(Measurement.objects.order_by("pk").values("pk", "total", "weight", "n")) == before


def test_a_payment_without_a_customer_is_counted_without_one() -> None:
    paid(None, "1.00", "2026-05-03")
    recompute_stale(now=NOW)
    row = Measurement.objects.get(kpi="business.revenue", scope="site", period_kind="month")

    assert (row.total, row.learners) == (100, 0)
