"""The refund cut-off: an enrollment withdrawn before it is canceled and counts in no figure."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F


def is_before_cutoff(withdrawn_at: datetime | None, cutoff_at: datetime) -> bool:
    return withdrawn_at is not None and withdrawn_at < cutoff_at


def is_cancelled_in_sql() -> models.Case:
    """Return the same rule for a generated column; false, not null, without a withdrawal."""
    return models.Case(
        models.When(withdrawn_at__lt=F("cutoff_at"), then=models.Value(True)),
        default=models.Value(False),
        output_field=models.BooleanField(),
    )
