"""Rows that last until a day, and rows whose beginning is not known."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import Count, QuerySet

from core import reporting_clock
from curriculum.models import Enrollment
from kpis.aggregation.grouped_sums import sums_by
from kpis.definitions import units
from kpis.definitions.declared_facts import facts_declared
from kpis.definitions.facts import Ratio
from kpis.definitions.periods import containing
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.recompute import empty_periods
from kpis.recompute.stale_days import KIND_ORDER
from kpis.tests.kernel import moment, run_of, starts
from outcomes.models import Certificate

pytestmark = pytest.mark.django_db

KEY = "test.held"


def count(rows: QuerySet[Any]) -> Ratio:
    return Ratio(total=Count("pk"), weight=Count("pk"))


def declared(monkeypatch: pytest.MonkeyPatch, **options: Any) -> Indicator:
    facts = facts_declared(KEY, ratio=count, **options)
    made = Indicator(key=KEY, title=KEY, unit=units.COUNT, help="", facts=facts, is_total=True)
    monkeypatch.setitem(REGISTRY, KEY, made)
    return made


def days(first: str, number: int) -> set[tuple[str, int | None, int, Any]]:
    start = moment(first).date().toordinal()
    rank = KIND_ORDER.index("day")
    return {
        (KEY, None, rank, type(moment(first).date()).fromordinal(start + at))
        for at in range(number)
    }


def test_a_row_holds_on_its_last_day(monkeypatch: pytest.MonkeyPatch) -> None:
    one = declared(monkeypatch, model=Certificate, at="earned_at", until="expires_on")
    enrollment = starts("ada", run_of("r1"), "2026-01-02")
    Certificate.objects.create(
        enrollment=enrollment, earned_at=moment("2026-01-10T10:00:00"), expires_on="2026-01-12"
    )

    zone = reporting_clock.reporting_zone()
    found = [
        sums_by(one, containing(moment(f"2026-01-{day}").date(), "day", zone))[()].total
        for day in (10, 11, 12, 13)
    ]
    assert found == [0, 1, 1, 0]
    kept = empty_periods.without_empty(days("2025-06-01", 400))
    assert {str(start) for *_, start in kept} == {"2026-01-11", "2026-01-12"}


def test_a_row_without_a_beginning_holds_never(monkeypatch: pytest.MonkeyPatch) -> None:
    declared(monkeypatch, model=Enrollment, at="withdrawn_at", until="completed_at")
    starts("ada", run_of("r1"), "2026-01-02")

    assert not empty_periods.without_empty(days("2025-06-01", 400))
