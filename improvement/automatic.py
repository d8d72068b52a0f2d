"""Automatic changes, within the budget that staff have set."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext

from core import reporting_clock
from improvement import decisions
from improvement.models import Adjustment, AutomaticBudget
from kpis.definitions.periods import containing, local_day


def approve_within_budget(adjustment: Adjustment, now: datetime) -> bool:
    """Approve an adjustment if the month's budget allows it; otherwise it waits for a person."""
    # the lock makes two workers count one after the other
    budget = AutomaticBudget.objects.select_for_update().filter(pk=1).first()
    if budget is None or changes_this_month(now) >= budget.changes_per_month:
        return False
    decisions.approve(
        adjustment,
        None,
        reason=gettext("Applied automatically, within the budget of the month."),
        is_automatic=True,
        now=now,
    )
    return True


def changes_this_month(now: datetime) -> int:
    zone = reporting_clock.reporting_zone()
    month = containing(local_day(now, zone), "month", zone)
    return Adjustment.objects.filter(
        is_automatic=True, decided_at__gte=month.start, decided_at__lt=month.end
    ).count()
