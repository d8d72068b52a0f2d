from __future__ import annotations

from django.db import models

from curriculum.models import Course


class StaleDay(models.Model):
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


class StalePeriod(models.Model):
    """A period of a KPI, or of a category's, that waits to be recomputed for a course."""

    key = models.CharField(max_length=100, help_text="A category, or one KPI of it.")
    course = models.ForeignKey(
        Course, models.CASCADE, null=True, blank=True, help_text="Empty: of the site alone."
    )
    rank = models.PositiveSmallIntegerField(help_text="Of its kind: months are recomputed first.")
    start = models.DateField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("key", "course", "rank", "start"),
                condition=models.Q(course__isnull=False),
                name="period_of_a_course_is_stale_once",
            ),
            models.UniqueConstraint(
                fields=("key", "rank", "start"),
                condition=models.Q(course=None),
                name="period_of_the_site_is_stale_once",
            ),
        )
        indexes = (models.Index(fields=("rank", "-start"), name="stale_soonest_first"),)

    def __str__(self) -> str:
        return f"{self.key} {self.course_id} {self.rank} {self.start}"


class DataFreshness(models.Model):
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


class RecomputeRun(models.Model):
    """The cycle measured everything up to here; the next one starts where it stopped."""

    as_of = models.DateTimeField(unique=True)
    cells = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(default=0)

    class Meta:
        ordering = ("-as_of",)

    def __str__(self) -> str:
        return f"{self.as_of:%Y-%m-%d %H:%M}: {self.cells} cells"


class ReportingZone(models.Model):
    """The one row that says which time zone stored days and periods are of."""

    ONLY = 1

    name = models.CharField(max_length=100)
    since = models.DateTimeField()

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(pk=1), name="one_reporting_zone"),)

    def __str__(self) -> str:
        return self.name


class Verification(models.Model):
    """A sample of stored figures was recomputed from scratch; what differed was corrected."""

    as_of = models.DateTimeField(unique=True)
    sample = models.CharField(max_length=100, help_text="The periods looked at.")
    corrected = models.PositiveIntegerField(default=0, help_text="Figures that differed.")
    details = models.TextField(blank=True, help_text="The first of them, one a line.")

    class Meta:
        ordering = ("-as_of",)

    def __str__(self) -> str:
        return f"{self.as_of:%Y-%m-%d %H:%M}: {self.corrected} corrected"
