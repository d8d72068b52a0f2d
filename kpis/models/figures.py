"""Measurements, earlier and held figures, and targets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from accounts.models import User
from core.decimals import format_decimal
from curriculum.models import Course
from kpis.statistics.intervals import CrossSums, Spread, Sums


class PeriodKind(models.TextChoices):
    DAY = "day", gettext_lazy("Day")
    WEEK = "week", gettext_lazy("Week")
    MONTH = "month", gettext_lazy("Month")
    QUARTER = "quarter", gettext_lazy("Quarter")


class StoredSums(models.Model):
    """The columns of `Sums`; totals, such as counts and amounts, have no spread."""

    n = models.BigIntegerField(help_text=gettext_lazy("Number of observations."))
    total = models.FloatField(help_text=gettext_lazy("Numerator."))
    weight = models.FloatField(help_text=gettext_lazy("Denominator."))
    learners = models.BigIntegerField(help_text=gettext_lazy("Number of different learners."))
    units = models.BigIntegerField(
        null=True, help_text=gettext_lazy("Number of people whose contributions are compared.")
    )
    yy = models.FloatField(
        "Σ y²", null=True, help_text=gettext_lazy("Sum of their squared numerators.")
    )
    xx = models.FloatField(
        "Σ x²", null=True, help_text=gettext_lazy("Sum of their squared denominators.")
    )
    xy = models.FloatField(
        "Σ xy",
        null=True,
        help_text=gettext_lazy("Sum of the products of their numerators and denominators."),
    )

    SUMS = ("n", "total", "weight", "learners", "units", "yy", "xx", "xy")

    class Meta:
        abstract = True

    @property
    def sums(self) -> Sums:
        return sums_from(*(getattr(self, name) for name in self.SUMS))


def sums_from(
    n: int, total: float, weight: float, learners: int, units: int | None, *products: float | None
) -> Sums:
    """Return sums from the values of the columns `StoredSums.SUMS`."""
    spread = None if units is None else Spread(units, *(one or 0.0 for one in products))
    return Sums(n, total, weight, learners, spread)


def columns_of(sums: Sums) -> tuple[Any, ...]:
    """Return the values of the columns `StoredSums.SUMS`."""
    spread = sums.spread.row if sums.spread else (None,) * 4
    return (sums.n, sums.total, sums.weight, sums.learners, *spread)


class Measurement(StoredSums):
    """The sums of one KPI in one scope and period; its value is total ÷ weight."""

    class Scope(models.TextChoices):
        SITE = "site", gettext_lazy("Whole site")
        COURSE = "course", gettext_lazy("Course")
        RUN = "run", gettext_lazy("Course run")
        MODULE = "module", gettext_lazy("Module")

    kpi = models.CharField(max_length=100)
    scope = models.CharField(max_length=10, choices=Scope.choices)
    scope_id = models.BigIntegerField(
        default=0, help_text=gettext_lazy("ID of the course, run or module; 0 for the site.")
    )
    # the indexes below begin with it
    course = models.ForeignKey(Course, models.CASCADE, null=True, blank=True, db_index=False)
    period_kind = models.CharField(max_length=10, choices=PeriodKind.choices)
    period_start = models.DateField()
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
            models.Index(
                fields=("course", "kpi", "period_kind", "period_start"),
                name="measurement_by_course_period",
            ),
            models.Index(
                fields=("kpi", "period_kind", "period_start"), name="measurement_by_period"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kpi} {self.scope} {self.scope_id} {self.period_kind} {self.period_start}"


class CompositeMeasurement(models.Model):
    """How the components of a composite KPI vary together in one scope and period.

    `crosses` has four numbers for each pair of components: the sums over people of the products of
    their numerators y and denominators x, as in `CrossSums`.
    """

    kpi = models.CharField(max_length=100)
    scope = models.CharField(max_length=10, choices=Measurement.Scope.choices)
    scope_id = models.BigIntegerField(default=0)
    course = models.ForeignKey(Course, models.CASCADE, null=True, db_index=False)
    period_kind = models.CharField(max_length=10, choices=PeriodKind.choices)
    period_start = models.DateField()
    n = models.BigIntegerField()
    learners = models.BigIntegerField()
    crosses = models.JSONField()
    definition_version = models.PositiveIntegerField()
    computed_at = models.DateTimeField()
    restated_at = models.DateTimeField(null=True)

    SUMS = ("n", "learners", "crosses")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("kpi", "scope", "scope_id", "period_kind", "period_start"),
                name="one_composite_measurement_per_cell",
            ),
        )
        indexes = (
            models.Index(
                fields=("course", "kpi", "period_kind", "period_start"),
                name="composite_by_course_period",
            ),
            models.Index(fields=("kpi", "period_kind", "period_start"), name="composite_by_period"),
        )

    def __str__(self) -> str:
        return f"{self.kpi} {self.scope} {self.scope_id} {self.period_kind} {self.period_start}"

    @property
    def sums(self) -> Sums:
        return composite_sums_from(self.n, self.learners, self.crosses)


def composite_sums_from(n: int, learners: int, crosses: Sequence[Sequence[float]]) -> Sums:
    """Return sums from the values of the columns `CompositeMeasurement.SUMS`."""
    return Sums(n, learners=learners, crosses=tuple(CrossSums(*one) for one in crosses))


def composite_columns_of(sums: Sums) -> tuple[Any, ...]:
    """Return the values of the columns `CompositeMeasurement.SUMS`."""
    return sums.n, sums.learners, [one.row for one in sums.crosses]


class Restatement(StoredSums):
    """The sums of a closed period before late data changed them."""

    measurement = models.ForeignKey(Measurement, models.CASCADE, related_name="restatements")
    computed_at = models.DateTimeField(
        help_text=gettext_lazy("When this earlier value was computed.")
    )
    restated_at = models.DateTimeField()

    class Meta:
        ordering = ("-restated_at",)
        indexes = (models.Index(fields=("restated_at",), name="restatements_by_moment"),)

    def __str__(self) -> str:
        return gettext("Measurement %(id)s until %(time)s") % {
            "id": self.measurement_id,
            "time": f"{self.restated_at:%Y-%m-%d %H:%M}",
        }


class HeldFigure(StoredSums):
    """An open figure as readers without the small-groups permission see it.

    It stays as it is until enough people have changed the real one. `people` maps each learner's
    id to their contribution.
    """

    key = models.CharField(
        max_length=64, unique=True, help_text=gettext_lazy("Hash of the KPI, scope and period.")
    )
    after = models.DateField(
        help_text=gettext_lazy("The day after the period, when the row is deleted.")
    )
    people = models.JSONField()
    held_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.key


class Target(models.Model):
    """The value a KPI should reach from a day on; earlier versions stay valid for their periods."""

    kpi = models.CharField(max_length=100, db_index=True)
    course = models.ForeignKey(
        Course,
        models.CASCADE,
        null=True,
        blank=True,
        help_text=gettext_lazy("Empty: all courses without a target of their own."),
    )
    version = models.PositiveIntegerField(editable=False)
    value = models.DecimalField(
        max_digits=12, decimal_places=4, help_text=gettext_lazy("In the KPI's unit: 85 means 85%.")
    )
    valid_from = models.DateField(
        null=True,
        blank=True,
        help_text=gettext_lazy("First day it applies; empty: from the beginning."),
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
        """Return the first day it applies; `date.min` if it applies from the beginning."""
        return self.valid_from or date.min
