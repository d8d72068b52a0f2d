from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import Value
from django.db.models.functions import Coalesce

from accounts.models import User
from core.decimals import format_decimal
from curriculum.models import Course


class Target(models.Model):
    """What a KPI should reach from a day on; the versions before it stay for their periods."""

    kpi = models.CharField(max_length=100, db_index=True)
    course = models.ForeignKey(
        Course, models.CASCADE, null=True, blank=True, help_text="Empty: wherever none is set."
    )
    version = models.PositiveIntegerField(editable=False)
    value = models.DecimalField(
        max_digits=12, decimal_places=4, help_text="In the KPI's unit: 85 means 85%."
    )
    valid_from = models.DateField(
        null=True, blank=True, help_text="First day it holds; empty: from the beginning."
    )
    note = models.CharField(max_length=500, blank=True)
    set_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, editable=False)
    set_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("kpi", "course", "-version")
        constraints = (
            models.UniqueConstraint(
                "kpi", Coalesce("course", Value(0)), "version", name="one_target_per_version"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kpi} v{self.version}: {format_decimal(self.value)}"

    @property
    def starts(self) -> date:
        """The first day it holds, comparable also where it holds from the beginning."""
        return self.valid_from or date.min
