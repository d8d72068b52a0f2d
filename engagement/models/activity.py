from __future__ import annotations

from django.db import models
from django.db.models import Value
from django.db.models.functions import Coalesce

from curriculum.models import Enrollment, Module
from intake.models import ImportRun


class DailyActivity(models.Model):
    """What one enrolment did in one module (null: in none) on one day of the provider's zone."""

    # the unique constraint begins with it: a second index would only cost every insert
    enrollment = models.ForeignKey(
        Enrollment, models.CASCADE, db_index=False, related_name="activity"
    )
    module = models.ForeignKey(Module, models.CASCADE, null=True, db_index=False)
    day = models.DateField()
    interactions = models.PositiveIntegerField(help_text="Everything; clicks of an import.")
    productive = models.PositiveIntegerField(help_text="Answers, submissions, posts, notes.")
    content = models.PositiveIntegerField(help_text="Reading and watching.")
    quiz = models.PositiveIntegerField(help_text="Quiz attempts and questions answered.")
    import_run = models.ForeignKey(ImportRun, models.CASCADE, null=True, db_index=False)

    # conflict target of the additive upsert; the constraint below is its index
    KEY = 'enrollment_id, day, COALESCE("module_id", 0), COALESCE("import_run_id", 0)'

    class Meta:
        verbose_name_plural = "daily activity"
        constraints = (
            models.UniqueConstraint(
                "enrollment",
                "day",
                Coalesce("module", Value(0)),
                Coalesce("import_run", Value(0)),
                name="one_row_per_enrolment_module_and_day",
            ),
        )
        indexes = (models.Index(fields=("day",), name="activity_by_day"),)

    def __str__(self) -> str:
        return f"{self.enrollment_id} on {self.day}: {self.interactions}"


class WeekPresence(models.Model):
    """An enrolment was active in a week, in one module or (null) anywhere.

    A function of its daily activity: one row for anywhere and one for each module it was in.
    """

    # the unique constraint begins with it: a second index would only cost every insert
    enrollment = models.ForeignKey(
        Enrollment, models.CASCADE, db_index=False, related_name="presence"
    )
    module = models.ForeignKey(Module, models.CASCADE, null=True, db_index=False)
    week = models.DateField(help_text="Its Monday.")
    is_productive = models.BooleanField(help_text="It answered, submitted, posted or noted.")

    KEY = 'enrollment_id, week, COALESCE("module_id", 0)'

    class Meta:
        verbose_name_plural = "week presence"
        constraints = (
            models.UniqueConstraint(
                "enrollment",
                "week",
                Coalesce("module", Value(0)),
                name="one_presence_per_enrolment_module_and_week",
            ),
        )
        indexes = (models.Index(fields=("week",), name="presence_by_week"),)

    def __str__(self) -> str:
        return f"{self.enrollment_id} in the week of {self.week}"
