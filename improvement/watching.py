"""Follow adjustments after the decision: their first day, their guard KPIs and their effect."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import cast

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from accounts.languages import in_language_of
from alerts.actions import note_proposal
from core import reporting_clock
from improvement import decisions, effects
from improvement.effects.results import TOO_EARLY, WORSENED
from improvement.history import record
from improvement.locking import lock
from improvement.models import Adjustment, AdjustmentEvent

logger = logging.getLogger(__name__)

Kind, Status = AdjustmentEvent.Kind, Adjustment.Status
LOOK_EVERY = timedelta(days=7)
RELATED = (
    "alert__rule",
    "change__parameter__course",
    "change__parameter__run",
    "change__parameter__module",
)
Step = Callable[[Adjustment, datetime], None]


def watch(now: datetime | None = None) -> int:
    """Take every open adjustment as far as it can go; return the number of steps taken.

    One query if nothing is due. Safe to run twice, at once, or to be killed: each step is written
    in a transaction of its own, on a locked row that is checked again.
    """
    now = now or timezone.now()
    taken = 0
    for adjustment in Adjustment.objects.open().select_related("change", "rule"):
        step = _due(adjustment, now)
        while step is not None and _take(step, adjustment, now):
            taken += 1
            adjustment.refresh_from_db()
            step = _due(adjustment, now)
    return taken


def _due(adjustment: Adjustment, now: datetime) -> Step | None:
    """Return the next step of an adjustment, if one is due."""
    if not adjustment.is_open:
        return None
    if adjustment.change is None:
        return _close_orphan
    if adjustment.applies_from is None or adjustment.watch_until is None:
        return None
    if adjustment.status == Status.APPROVED:
        return _begin if adjustment.applies_from <= now else None
    if _looks_due(adjustment, now) > adjustment.guard_looks:
        return _look_at_guards
    is_over = adjustment.watch_until + reporting_clock.close_lag() <= now
    return _measure if is_over and not adjustment.is_measured else None


def _take(step: Step, adjustment: Adjustment, now: datetime) -> bool:
    """Take a step on the locked row; False if it is no longer due, or went wrong."""
    try:
        with transaction.atomic(), in_language_of(None):
            rows = Adjustment.objects.filter(pk=adjustment.pk).select_related(*RELATED)
            (locked,) = lock(rows)
            version = locked.version
            if _due(locked, now) is step:
                step(locked, now)
            return locked.version > version
    except Exception:
        logger.exception("Adjustment %s could not be followed.", adjustment.pk)
        return False


def _close_orphan(adjustment: Adjustment, now: datetime) -> None:
    """Close an adjustment whose course, run or module was deleted."""
    begins = adjustment.applies_from
    was_applied = begins is not None and begins <= now
    record(
        adjustment,
        Kind.REPLACED if was_applied else Kind.WITHDRAWN,
        at=now,
        reason=gettext("The course, run or module was deleted."),
        status=Status.REPLACED if was_applied else Status.WITHDRAWN,
        closed_at=now,
    )


def _begin(adjustment: Adjustment, now: datetime) -> None:
    record(adjustment, Kind.BEGAN, at=now, status=Status.WATCHED)


def planned_looks(adjustment: Adjustment) -> int:
    """Return how often the guard KPIs are tested: every week of the watching time."""
    return max(1, timedelta(days=adjustment.watch_days) // LOOK_EVERY)


def _looks_due(adjustment: Adjustment, now: datetime) -> int:
    if not adjustment.guard_kpis or adjustment.guard_result or adjustment.applies_from is None:
        return 0
    return min((now - adjustment.applies_from) // LOOK_EVERY, planned_looks(adjustment))


def _look_at_guards(adjustment: Adjustment, now: datetime) -> None:
    """Test each guard KPI; all tests together raise a false alarm in at most 2.5% of changes."""
    looks = planned_looks(adjustment) * len(adjustment.guard_kpis)
    done = _looks_due(adjustment, now)
    for key in adjustment.guard_kpis:
        found = effects.guard_worsened(_applied(adjustment), key, now, looks)
        if found.has_worsened:
            record(
                adjustment,
                Kind.WORSENED,
                at=now,
                reason=effects.guard_sentence(found),
                guard_looks=done,
                guard_result=found.as_json(),
                revert_proposed_at=now,
            )
            _propose_revert(adjustment, effects.guard_sentence(found), now)
            return
    # a look that found nothing is counted, and is no entry of the history
    adjustment.guard_looks, adjustment.version = done, adjustment.version + 1
    adjustment.save(update_fields=["guard_looks", "version"])


def _applied(adjustment: Adjustment) -> effects.Measured:
    # `_due` lets nobody without a change come this far
    return cast("effects.Measured", adjustment)


def _measure(adjustment: Adjustment, now: datetime) -> None:
    found = effects.measure(_applied(adjustment), now)
    if found.outcome == TOO_EARLY:
        return
    sentence = effects.sentence(found)
    has_worsened = found.outcome == WORSENED
    record(
        adjustment,
        Kind.MEASURED,
        at=now,
        reason=sentence,
        effect=found.as_json(),
        effect_computed_at=now,
        revert_proposed_at=now if has_worsened else adjustment.revert_proposed_at,
    )
    if has_worsened:
        _propose_revert(adjustment, sentence, now)
    elif adjustment.is_automatic and not adjustment.revert_proposed_at:
        decisions.keep(adjustment, None, reason=gettext("It did not make things worse."), now=now)


def _propose_revert(adjustment: Adjustment, why: str, now: datetime) -> None:
    """Tell those who follow the alert; what was applied automatically is reverted automatically."""
    if adjustment.alert and adjustment.change:
        text = gettext("Revert %(parameter)s (%(values)s)? %(why)s") % {
            "parameter": adjustment.change.parameter.display_name,
            "values": adjustment.values,
            "why": why,
        }
        note_proposal(adjustment.alert, text=text, at=now, notifies=True)
    if adjustment.is_automatic:
        decisions.revert(adjustment, None, reason=why, now=now)
