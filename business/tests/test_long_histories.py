"""Subscriptions that go back for decades: few marks, and no work for periods without any."""

from __future__ import annotations

import random
from datetime import date, timedelta
from unittest.mock import patch

import pytest

from accounts.tests.people import moment
from business.facts import subscriptions
from business.models import Subscription, SubscriptionChange
from business.tests.shop import ends, holds, school
from core.changes import gathered
from kpis.models import Measurement, StaleDay, StalePeriod
from kpis.recompute import empty_periods, stale_periods
from kpis.recompute.recompute_stale import recompute_stale

pytestmark = pytest.mark.django_db

NOW, SOON_AFTER = moment("2026-06-10"), moment("1999-01-10")
RETENTION = "business.retention"


@pytest.fixture(autouse=True)
def _school() -> None:
    school()


def figures() -> set[tuple[object, ...]]:
    columns = ("scope", "period_kind", "period_start", "n", "total", "weight", "learners")
    rows = Measurement.objects.filter(kpi=RETENTION, n__gt=0)
    return set(rows.values_list(*columns))


def two_years_of_the_nineties() -> None:
    """Purchases of 5 customers, of up to 60 days each."""
    chance = random.Random(1)  # noqa: S311
    for number in range(12):
        start = date(1997, 1, 1) + timedelta(days=chance.randrange(500))
        end = start + timedelta(days=chance.randrange(1, 60))
        how = chance.choice(("finished", "cancelled"))
        holds(f"p{number % 5}", f"s{number}", start.isoformat(), course="py")
        ends(f"s{number}", how, end.isoformat())


def test_decades_are_marked_by_one_row() -> None:
    holds("ada", "s1", "1997-01-03", course="py")

    assert StaleDay.objects.filter(key=RETENTION).count() == 1


def test_periods_in_which_nothing_was_held_are_not_queued() -> None:
    holds("ada", "s1", "1997-01-03", course="py")
    ends("s1", "finished", "1997-01-05")
    stale_periods.gather(NOW)
    rows = StalePeriod.objects.filter(key=RETENTION).values_list("rank", "start")

    # held at the start of 4 and 5 January, but of no week, month or quarter
    assert set(rows) == {(2, date(1997, 1, 4)), (2, date(1997, 1, 5))}


def test_figures_are_the_same_as_if_every_period_were_queued() -> None:
    two_years_of_the_nineties()
    with patch.object(empty_periods, "MANY", 1_000_000):
        recompute_stale(now=SOON_AFTER)
    slow = figures()
    Measurement.objects.all().delete()
    with gathered() as changes:
        changes.changed(Subscription.objects.all())
        every_day = (None, moment("1997-01-01"), SOON_AFTER)
        changes.changed(Subscription.objects.none(), spans=[every_day])
    with patch.object(empty_periods, "MANY", 0):
        recompute_stale(now=SOON_AFTER)

    assert len(slow) > 300
    assert figures() == slow


def test_a_stored_figure_without_subscriptions_becomes_empty() -> None:
    holds("ada", "s1", "2025-01-03", course="py")
    recompute_stale(now=NOW)
    assert figures()
    with gathered() as changes:
        subscriptions.delete_subscriptions({"s1"}, changes, now=NOW)
    recompute_stale(now=NOW)

    assert not SubscriptionChange.objects.exists()
    assert figures() == set()
