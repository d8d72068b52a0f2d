from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce

from curriculum.models import Course, User
from curriculum.numbers import plain


class PeriodKind(models.TextChoices):
    DAY = "day", "Day"
    WEEK = "week", "Week"
    MONTH = "month", "Month"
    QUARTER = "quarter", "Quarter"


class Target(models.Model):
    """What a KPI should reach from a day on; the versions before it stay for their periods."""

    kpi = models.CharField(max_length=100, db_index=True)
    course = models.ForeignKey(
        Course, models.CASCADE, null=True, blank=True, help_text="Empty: wherever none is set."
    )
    version = models.PositiveIntegerField(editable=False)
    value = models.DecimalField(
        max_digits=12, decimal_places=4, help_text="In the KPI's unit: 85 means 85 %."
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
        return f"{self.kpi} v{self.version}: {plain(self.value)}"

    @property
    def starts(self) -> date:
        """The first day it holds, comparable also where it holds from the beginning."""
        return self.valid_from or date.min


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


class DirtyDay(models.Model):
    """Facts changed that count on this day; deleted once it is measured again.

    Rows are only added and, by their id, deleted: a mark that comes while its day is being
    measured is a new row and so is not lost.
    """

    key = models.CharField(max_length=100, help_text="A category, or one KPI of it.")
    course = models.ForeignKey(
        Course, models.CASCADE, null=True, blank=True, help_text="Empty: of the site alone."
    )
    day = models.DateField()

    def __str__(self) -> str:
        return f"{self.key} {self.course_id} {self.day}"


class Feed(models.Model):
    """How far the data of a category reach in a course."""

    category = models.CharField(max_length=50)
    course = models.ForeignKey(Course, models.CASCADE)
    data_through = models.DateTimeField(help_text="Latest moment that an event tells of.")
    received_at = models.DateTimeField(help_text="When the latest event came in.")

    class Meta:
        constraints = (
            models.UniqueConstraint("category", "course", name="one_feed_per_category_and_course"),
        )

    def __str__(self) -> str:
        return f"{self.category} {self.course_id} through {self.data_through}"


class MeasureRun(models.Model):
    """The cycle measured everything up to here; the next one starts where it stopped."""

    as_of = models.DateTimeField(unique=True)
    cells = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(default=0)

    class Meta:
        ordering = ("-as_of",)

    def __str__(self) -> str:
        return f"{self.as_of:%Y-%m-%d %H:%M}: {self.cells} cells"
