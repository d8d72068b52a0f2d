"""Years of pure noise through rows, alert and measurement: the interval covers no effect."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from django.db import transaction

from improvement.effects import EffectResult, measure
from improvement.tests.changed_course import (
    DAY,
    MEASURED_AT,
    Change,
    alert_about,
    change_of,
    plan_days,
)
from improvement.tests.simulated_years import SHARES, Story
from kpis.tests.kernel import declare, run_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]

YEARS, LEVEL, FIRST, PER_DAY = 100, 0.85, date(2026, 3, 1), 4


def a_year(story: Story) -> EffectResult:
    """Plan a March that fires, then three months at the same level, and measure a change."""
    march = story.fired().reshape(31, PER_DAY).sum(axis=1)
    later = story.rng.binomial(PER_DAY, LEVEL, 72)
    days = enumerate(np.concatenate([march, later]))
    run = run_of("py-1")
    plan_days(
        run, {(FIRST + at * DAY, FIRST + (at + 1) * DAY): (PER_DAY, int(one)) for at, one in days}
    )
    alert = alert_about(run.course, 100 * march.sum() / (31 * PER_DAY), n=31 * PER_DAY)
    return measure(Change(change_of(run.course), alert), MEASURED_AT)


def test_noise_is_covered_as_often_as_promised(monkeypatch: pytest.MonkeyPatch) -> None:
    declare(monkeypatch)
    story, found = Story(SHARES, LEVEL, LEVEL, target=0.85, n=31 * PER_DAY), []
    for _ in range(YEARS):
        with transaction.atomic():
            found.append(a_year(story))
            transaction.set_rollback(True)
    covered = sum((one.low or 0) <= 0 <= (one.high or 0) for one in found)

    # of 100 years, 90 to 99 with a probability of 97%
    assert 90 <= covered <= 99
