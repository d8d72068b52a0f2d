"""A clock change inside the watching time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.test import override_settings

from improvement import decisions
from kpisite.tests.school_year import BETTER, measured_effect, proposal, school_year

pytestmark = pytest.mark.django_db

PER_DAY = 2


@pytest.mark.parametrize(
    ("bad_since", "closes", "hours"),
    [(date(2026, 2, 1), 2, -1), (date(2026, 8, 1), 8, 1)],
    ids=["spring", "autumn"],
)
@override_settings(KPI_TIME_ZONE="Europe/Berlin")
def test_a_clock_change_in_the_watching_time_costs_no_observation(
    bad_since: date, closes: int, hours: int
) -> None:
    story = replace(BETTER, bad_since=bad_since)
    with school_year(story, per_day=PER_DAY, courses=("py",)) as year:
        year.closes(closes)
        made = decisions.approve(proposal(), None, now=year.now)
        assert made.applies_from is not None
        assert made.watch_until is not None
        watched = made.watch_until - made.applies_from
        year.delivers()
        last = made.watch_until.date()
        year.cycles_on(last)
        assert proposal().effect is None
        year.cycles_on(last + timedelta(days=6))
        effect, made = measured_effect(), proposal()

    assert watched == timedelta(days=60, hours=hours)
    assert made.guard_looks == 8
    assert effect.outcome == "improved"
    assert effect.after is not None
    # whole days, from the one after the change on
    begins = date(2026, closes + 1, 6)
    ends = begins + timedelta(days=60)
    assert (effect.after.first, effect.after.after) == (str(begins), str(ends))
    assert effect.after.n == 60 * PER_DAY
