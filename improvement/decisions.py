"""Decide about adjustments: the one way for the admin, the pages and the API."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from accounts.models import User
from core import localized, reporting_clock
from curriculum import parameters
from curriculum.models import Parameter, ParameterChange
from improvement.experiments import reason_to_wait
from improvement.history import record
from improvement.locking import lock
from improvement.models import Adjustment, AdjustmentEvent
from improvement.proposing import propose_change

Kind, Status = AdjustmentEvent.Kind, Adjustment.Status


@transaction.atomic
def propose_by_hand(
    parameter: Parameter,
    to: Decimal,
    *,
    reason: str,
    by: User,
    kpi: str,
    watch_days: int = 60,
    guard_kpis: Sequence[str] = (),
    now: datetime | None = None,
) -> Adjustment:
    """Propose a change without an alert; its effect on the KPI is measured like any other.

    ValidationError for a value that is not allowed, or while another adjustment of the parameter
    is open.
    """
    return propose_change(
        parameter,
        to,
        kpi=kpi,
        reason=_required(reason, gettext("Enter a reason for the proposal.")),
        by=by,
        watch_days=watch_days,
        guard_kpis=guard_kpis,
        now=now or timezone.now(),
    )


@transaction.atomic
def approve(
    adjustment: Adjustment,
    by: User | None,
    *,
    reason: str = "",
    applies_from: datetime | None = None,
    expected_version: int | None = None,
    is_automatic: bool = False,
    now: datetime | None = None,
) -> Adjustment:
    """Apply the proposed value, from now on or from a later moment.

    ValidationError if it was decided or withdrawn meanwhile, if the value is no longer allowed, or
    while an experiment changes the parameter.
    """
    now = now or timezone.now()
    locked = _locked(adjustment, expected_version, (Status.PROPOSED,))
    if locked.parameter and (blocked := reason_to_wait(locked.parameter)):
        raise ValidationError(blocked, code="blocked")
    begins = applies_from or now
    record(
        locked,
        Kind.APPROVED,
        at=now,
        by=by,
        reason=reason,
        status=Status.WATCHED if begins <= now else Status.APPROVED,
        decided_by=by,
        decided_at=now,
        decision_reason=reason,
        is_automatic=is_automatic,
        applies_from=begins,
        watch_until=watching_ends(begins, locked.watch_days),
    )
    parameters.apply(locked.change, by=by, effective_from=applies_from, now=now)  # type: ignore[arg-type]
    return locked


@transaction.atomic
def reject(
    adjustment: Adjustment,
    by: User | None,
    *,
    reason: str,
    expected_version: int | None = None,
    now: datetime | None = None,
) -> Adjustment:
    """Reject a proposal; ValidationError without a reason, or if it was decided meanwhile."""
    reason = _required(reason, gettext("Enter a reason for the rejection."))
    now = now or timezone.now()
    locked = _locked(adjustment, expected_version, (Status.PROPOSED,))
    record(
        locked,
        Kind.REJECTED,
        at=now,
        by=by,
        reason=reason,
        status=Status.REJECTED,
        decided_by=by,
        decided_at=now,
        decision_reason=reason,
        closed_at=now,
    )
    if locked.change:
        parameters.reject(locked.change, by=by, now=now)
    return locked


@transaction.atomic
def keep(
    adjustment: Adjustment,
    by: User | None,
    *,
    reason: str = "",
    expected_version: int | None = None,
    now: datetime | None = None,
) -> Adjustment:
    """Keep an applied change; ValidationError if it is not applied, or no longer watched."""
    now = now or timezone.now()
    locked = _locked(adjustment, expected_version, (Status.WATCHED,))
    record(locked, Kind.KEPT, at=now, by=by, reason=reason, status=Status.KEPT, closed_at=now)
    return locked


@transaction.atomic
def revert(
    adjustment: Adjustment,
    by: User | None,
    *,
    reason: str,
    expected_version: int | None = None,
    now: datetime | None = None,
) -> Adjustment:
    """Set the value from before again; ValidationError without a reason, or if it is not applied.

    A change that has not begun never will.
    """
    reason = _required(reason, gettext("Enter a reason for reverting the change."))
    now = now or timezone.now()
    applied = (Status.APPROVED, Status.WATCHED, Status.KEPT)
    locked = _locked(adjustment, expected_version, applied)
    record(
        locked, Kind.REVERTED, at=now, by=by, reason=reason, status=Status.REVERTED, closed_at=now
    )
    if locked.change:
        parameters.revert(locked.change, reason=reason, by=by, now=now)
    return locked


@transaction.atomic
def withdraw(
    adjustment: Adjustment,
    *,
    reason: str,
    by: User | None = None,
    now: datetime | None = None,
) -> None:
    """Take back a proposal that has become pointless; the caller holds the row's lock."""
    now = now or timezone.now()
    record(
        adjustment,
        Kind.WITHDRAWN,
        at=now,
        by=by,
        reason=reason,
        status=Status.WITHDRAWN,
        closed_at=now,
    )
    change = adjustment.change
    if change and change.status == ParameterChange.Status.PROPOSED:
        parameters.reject(change, by=by, now=now)


def watching_ends(begins: datetime, days: int) -> datetime:
    """Return the same local time so many days later, also across a clock change."""
    return begins.astimezone(reporting_clock.reporting_zone()) + timedelta(days=days)


def _required(reason: str, sentence: str) -> str:
    if not reason.strip():
        raise ValidationError({"reason": sentence}, code="required")
    return reason.strip()


def _locked(
    adjustment: Adjustment, expected_version: int | None, allowed: Sequence[str]
) -> Adjustment:
    """Return the row, locked until the end of the transaction.

    ValidationError if it is not in one of the states, or not the version that the reader saw.
    """
    (locked,) = lock(Adjustment.objects.filter(pk=adjustment.pk))
    is_seen = expected_version is None or locked.version == expected_version
    if locked.status in allowed and is_seen and (locked.change or locked.status == Status.KEPT):
        return locked
    raise ValidationError(_what_happened(locked), code="decided")


def _what_happened(adjustment: Adjustment) -> str:
    """Say who did what last, so that a reader of an older page understands."""
    last = adjustment.events.select_related("by").last()
    if last is None or (adjustment.change is None and adjustment.is_open):
        return gettext("The course, run or module no longer exists. Nothing was changed.")
    return gettext(
        "This adjustment has changed meanwhile: %(what)s by %(who)s on %(moment)s. It is now "
        "“%(status)s”; your decision changed nothing."
    ) % {
        "what": last.get_kind_display(),
        "who": last.by or gettext("the product"),
        "moment": localized.moment(last.at.astimezone(reporting_clock.reporting_zone())),
        "status": adjustment.get_status_display(),
    }
