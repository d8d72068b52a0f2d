"""Write down what happens to an adjustment, in the transaction that changes it."""

from __future__ import annotations

from datetime import datetime

from accounts.models import User
from improvement.models import Adjustment, AdjustmentEvent


def begin(adjustment: Adjustment, kind: str) -> AdjustmentEvent:
    """Write the first entry of a new adjustment's history."""
    begun_with = ("status", "old_value", "new_value", "watch_days", "guard_kpis")
    return AdjustmentEvent.objects.create(
        adjustment=adjustment,
        kind=kind,
        at=adjustment.proposed_at,
        by=adjustment.proposed_by,
        reason=adjustment.reason,
        after={name: getattr(adjustment, name) for name in begun_with},
    )


def record(
    adjustment: Adjustment,
    kind: str,
    *,
    at: datetime,
    by: User | None = None,
    reason: str = "",
    **changes: object,
) -> AdjustmentEvent:
    """Change the fields of an adjustment that the caller has locked, and add it to its history."""
    fields = [Adjustment._meta.get_field(name).attname for name in changes]  # type: ignore[union-attr]
    before = {name: getattr(adjustment, name) for name in fields}
    for name, value in changes.items():
        setattr(adjustment, name, value)
    adjustment.version += 1
    adjustment.save(update_fields=[*changes, "version"])
    return AdjustmentEvent.objects.create(
        adjustment=adjustment,
        kind=kind,
        at=at,
        by=by,
        reason=reason,
        before=before,
        after={name: getattr(adjustment, name) for name in fields},
    )
