from __future__ import annotations

from django.db import models

from curriculum.models import Course
from kpis.models import PeriodKind


class PendingEvaluation(models.Model):
    """Closed periods of a KPI say something else than when they were judged.

    Rows are only added and, by their id, deleted, as dirty days are.
    """

    kpi = models.CharField(max_length=100)
    period_kind = models.CharField(max_length=10, choices=PeriodKind.choices)
    course = models.ForeignKey(
        Course, models.CASCADE, null=True, blank=True, help_text="Empty: of every scope."
    )
    not_before = models.DateTimeField(
        null=True, blank=True, help_text="What only time can change is looked at then."
    )

    class Meta:
        verbose_name_plural = "pending evaluations"

    def __str__(self) -> str:
        return f"{self.kpi} {self.period_kind} {self.course_id}"


class EvaluationRun(models.Model):
    """Everything that closed up to here has been judged; the next run starts where it stopped."""

    as_of = models.DateTimeField(unique=True)
    judged = models.PositiveIntegerField(default=0, help_text="Rules in scopes.")
    moves = models.PositiveIntegerField(default=0, help_text="Alerts opened, moved or closed.")
    seconds = models.FloatField(default=0)

    class Meta:
        ordering = ("-as_of",)

    def __str__(self) -> str:
        return f"{self.as_of:%Y-%m-%d %H:%M}: {self.moves} moves"
