from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from curriculum.models import Course


class PeriodKind(models.TextChoices):
    DAY = "day", "Day"
    WEEK = "week", "Week"
    MONTH = "month", "Month"
    QUARTER = "quarter", "Quarter"


class Measurement(models.Model):
    """The sums of one KPI in one scope and period; who reads it divides."""

    class Scope(models.TextChoices):
        SITE = "site", "Whole site"
        COURSE = "course", "Course"
        RUN = "run", "Course run"
        MODULE = "module", "Module"

    kpi = models.CharField(max_length=100)
    scope = models.CharField(max_length=10, choices=Scope.choices)
    scope_id = models.BigIntegerField(default=0, help_text="Of the scope's row; 0: the site.")
    course = models.ForeignKey(Course, models.CASCADE, null=True, blank=True)
    period_kind = models.CharField(max_length=10, choices=PeriodKind.choices)
    period_start = models.DateField()
    n = models.BigIntegerField(help_text="Observations.")
    total = models.FloatField(help_text="Numerator.")
    weight = models.FloatField(help_text="Denominator.")
    squares = models.FloatField(null=True, help_text="Sum of squares, for means.")
    learners = models.BigIntegerField(help_text="Different learners behind it.")
    definition_version = models.PositiveIntegerField()
    computed_at = models.DateTimeField()
    restated_at = models.DateTimeField(null=True, blank=True)

    KEY = "kpi, scope, scope_id, period_kind, period_start"

    class Meta:
        ordering = ("kpi", "-period_start")
        constraints = (
            models.UniqueConstraint(
                fields=("kpi", "scope", "scope_id", "period_kind", "period_start"),
                name="one_measurement_per_cell",
            ),
            models.CheckConstraint(condition=Q(n__gte=0), name="measurement_n_not_negative"),
            models.CheckConstraint(
                condition=Q(learners__lte=F("n")) | Q(n=0), name="no_more_learners_than_n"
            ),
        )
        indexes = (
            models.Index(fields=("course", "kpi", "period_kind"), name="measurement_by_course"),
            models.Index(
                fields=("kpi", "period_kind", "period_start"), name="measurement_by_period"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kpi} {self.scope} {self.scope_id} {self.period_kind} {self.period_start}"


class Restatement(models.Model):
    """What a closed measurement said before late data changed it."""

    measurement = models.ForeignKey(Measurement, models.CASCADE, related_name="restatements")
    n = models.BigIntegerField()
    total = models.FloatField()
    weight = models.FloatField()
    squares = models.FloatField(null=True)
    learners = models.BigIntegerField()
    computed_at = models.DateTimeField(help_text="When the value kept here was computed.")
    restated_at = models.DateTimeField()

    class Meta:
        ordering = ("-restated_at",)

    def __str__(self) -> str:
        return f"{self.measurement_id} until {self.restated_at:%Y-%m-%d %H:%M}"
