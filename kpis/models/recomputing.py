"""The rows that keep track of recomputing: what is stale, claimed, computed and verified."""

from __future__ import annotations

from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy

from curriculum.models import Course
from kpis.models.figures import PeriodKind


class StaleDay(models.Model):
    """A span of days of a course on which facts changed; deleted once it became stale periods.

    Rows are only added, and deleted by id, so that nobody who changes facts waits for anybody. A
    day that becomes stale again while it is being recomputed is a new row, so it is not lost.
    """

    key = models.CharField(max_length=100, help_text=gettext_lazy("The key of the KPI."))
    course = models.ForeignKey(
        Course,
        models.CASCADE,
        null=True,
        blank=True,
        help_text=gettext_lazy("Empty: the site only."),
    )
    first = models.DateField()
    last = models.DateField()
    kind = models.CharField(
        max_length=10,
        choices=PeriodKind.choices,
        blank=True,
        help_text=gettext_lazy("Empty: periods of every kind."),
    )
    # by the database's clock, which all writers share
    since = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"{self.key} {self.course_id} {self.first} – {self.last}"


class StalePeriod(models.Model):
    """A period of one KPI that is to be recomputed for a course."""

    key = models.CharField(max_length=100, help_text=gettext_lazy("The key of the KPI."))
    course = models.ForeignKey(
        Course,
        models.CASCADE,
        null=True,
        blank=True,
        help_text=gettext_lazy("Empty: the site only."),
    )
    rank = models.PositiveSmallIntegerField(
        help_text=gettext_lazy("Order of its kind: months first.")
    )
    start = models.DateField()
    since = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("key", "course", "rank", "start"),
                condition=Q(course__isnull=False),
                name="period_of_a_course_is_stale_once",
            ),
            models.UniqueConstraint(
                fields=("key", "rank", "start"),
                condition=Q(course=None),
                name="period_of_the_site_is_stale_once",
            ),
        )
        indexes = (models.Index(fields=("rank", "-start"), name="stale_soonest_first"),)

    def __str__(self) -> str:
        return f"{self.key} {self.course_id} {self.rank} {self.start}"


class RecomputeClaim(models.Model):
    """What a worker locks while it recomputes a course or, without a course, the site.

    The lock is the claim. The row itself says nothing and stays.
    """

    course = models.ForeignKey(Course, models.CASCADE, null=True, related_name="+")

    class Meta:
        constraints = (
            models.UniqueConstraint(Coalesce("course", Value(0)), name="one_claim_per_course"),
        )

    def __str__(self) -> str:
        return f"{self.course_id or 'site'}"


class ComputedDefinition(models.Model):
    """The version of a KPI's definition that its history was last computed with, or queued for."""

    kpi = models.CharField(max_length=100, unique=True)
    version = models.PositiveIntegerField()
    since = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.kpi} v{self.version}"


class DataFreshness(models.Model):
    """How recent the data of a category are in a course."""

    category = models.CharField(max_length=50)
    course = models.ForeignKey(Course, models.CASCADE)
    data_through = models.DateTimeField(help_text=gettext_lazy("Time of the latest event."))
    received_at = models.DateTimeField(
        help_text=gettext_lazy("When the latest event was received.")
    )

    class Meta:
        verbose_name_plural = "data freshness"
        constraints = (
            models.UniqueConstraint(
                "category", "course", name="one_freshness_per_category_and_course"
            ),
        )

    def __str__(self) -> str:
        return f"{self.category} {self.course_id} {self.data_through:%Y-%m-%d %H:%M}"


class RecomputeRun(models.Model):
    """An hourly run that recomputed everything up to `as_of`; the next run starts there."""

    as_of = models.DateTimeField(unique=True)
    cells = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(default=0)

    class Meta:
        ordering = ("-as_of",)

    def __str__(self) -> str:
        return f"{self.as_of:%Y-%m-%d %H:%M}"


class ReportingZone(models.Model):
    """The time zone of all stored days and periods, in a single row."""

    ONLY = 1

    name = models.CharField(max_length=100)
    since = models.DateTimeField()

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(pk=1), name="one_reporting_zone"),)

    def __str__(self) -> str:
        return self.name


class Verification(models.Model):
    """A nightly sample of stored figures that were compared with their facts and corrected."""

    as_of = models.DateTimeField(unique=True)
    sample = models.CharField(
        max_length=100, help_text=gettext_lazy("The periods that were compared.")
    )
    corrected = models.PositiveIntegerField(
        default=0, help_text=gettext_lazy("Figures that differed.")
    )
    details = models.TextField(
        blank=True, help_text=gettext_lazy("The first of them, one per line.")
    )

    class Meta:
        ordering = ("-as_of",)

    def __str__(self) -> str:
        return f"{self.as_of:%Y-%m-%d %H:%M}"
