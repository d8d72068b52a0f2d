from __future__ import annotations

from django.db import models
from django.utils import timezone


class HeldFigure(models.Model):
    """What readers who may not see small groups are shown of an open period until it has changed
    by enough people; `people` has what each of them added, by id."""

    key = models.CharField(max_length=64, unique=True, help_text="Of the KPI, scope and period.")
    after = models.DateField(help_text="The day after the period: then the row goes.")
    n = models.BigIntegerField()
    total = models.FloatField()
    weight = models.FloatField()
    squares = models.FloatField(null=True)
    learners = models.BigIntegerField()
    people = models.JSONField()
    held_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"held since {self.held_at}"
