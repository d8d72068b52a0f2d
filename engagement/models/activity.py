"""Daily activity and weekly presence of enrollments."""

from __future__ import annotations

from django.db import models
from django.db.models import Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.changes import reported
from curriculum.models import Enrollment, Module
from intake.models import ImportRun


@reported("day")
class DailyActivity(models.Model):
    """What an enrollment did in one module on one day of the reporting time zone.

    `module` is null for activity outside modules.
    """

    # the unique constraint's index begins with this column: another would only slow inserts
    enrollment = models.ForeignKey(
        Enrollment, models.CASCADE, db_index=False, related_name="activity"
    )
    module = models.ForeignKey(Module, models.CASCADE, null=True, db_index=False)
    day = models.DateField()
    interactions = models.PositiveIntegerField(
        help_text=_("All interactions; for imported data, clicks.")
    )
    productive = models.PositiveIntegerField(help_text=_("Answers, submissions, posts and notes."))
    content = models.PositiveIntegerField(help_text=_("Content read or watched."))
    quiz = models.PositiveIntegerField(help_text=_("Quiz attempts and answered questions."))
    import_run = models.ForeignKey(ImportRun, models.CASCADE, null=True, db_index=False)

    # the conflict target of upserts; the unique constraint below provides its index
    KEY = 'enrollment_id, day, COALESCE("module_id", 0), COALESCE("import_run_id", 0)'

    class Meta:
        verbose_name_plural = "daily activity"
        constraints = (
            models.UniqueConstraint(
                "enrollment",
                "day",
                Coalesce("module", Value(0)),
                Coalesce("import_run", Value(0)),
                name="one_row_per_enrollment_module_and_day",
            ),
        )
        indexes = (models.Index(fields=("day",), name="activity_by_day"),)

    def __str__(self) -> str:
        text = gettext("%(enrollment)s on %(day)s: %(interactions)s")
        return text % {
            "enrollment": self.enrollment_id,
            "day": self.day,
            "interactions": self.interactions,
        }


class ActivityMoments(models.Model):
    """When an enrollment was active on one day in UTC: a pause reported later ends at one of them.

    No KPI reads it. A day is one row, so that it takes little room without the events themselves.
    """

    # the unique constraint's index begins with this column: another would only slow inserts
    enrollment = models.ForeignKey(Enrollment, models.CASCADE, db_index=False)
    day = models.DateField()
    # seconds since midnight in order of arrival, each followed by a space
    seconds = models.TextField()

    class Meta:
        verbose_name_plural = "activity moments"
        constraints = (
            models.UniqueConstraint(
                fields=("enrollment", "day"), name="one_row_of_moments_per_enrollment_and_day"
            ),
        )

    def __str__(self) -> str:
        return f"{self.enrollment_id}, {self.day}"


@reported("week")
class WeekPresence(models.Model):
    """A week in which an enrollment was active, in one module or (null) in any.

    Derived from daily activity: one row for the week and one for each module of that week.
    """

    # the unique constraint's index begins with this column: another would only slow inserts
    enrollment = models.ForeignKey(
        Enrollment, models.CASCADE, db_index=False, related_name="presence"
    )
    module = models.ForeignKey(Module, models.CASCADE, null=True, db_index=False)
    week = models.DateField(help_text=_("The Monday of the week."))
    is_productive = models.BooleanField(
        help_text=_("With at least one answer, submission, post or note.")
    )

    KEY = 'enrollment_id, week, COALESCE("module_id", 0)'

    class Meta:
        verbose_name_plural = "week presence"
        constraints = (
            models.UniqueConstraint(
                "enrollment",
                "week",
                Coalesce("module", Value(0)),
                name="one_presence_per_enrollment_module_and_week",
            ),
        )
        indexes = (models.Index(fields=("week",), name="presence_by_week"),)

    def __str__(self) -> str:
        text = gettext("%(enrollment)s in the week of %(monday)s")
        return text % {"enrollment": self.enrollment_id, "monday": self.week}
