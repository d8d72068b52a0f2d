from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core import localized
from core.changes import reported


@reported()
class Course(models.Model):
    key = models.CharField(max_length=100, unique=True, help_text=_("The id that senders use."))
    title = models.CharField(max_length=200)
    nominal_days = models.PositiveIntegerField(
        "nominal length",
        default=84,
        help_text=_("In days. A run with a start and an end date has its own length."),
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("title", "key")
        constraints = (
            models.CheckConstraint(
                condition=Q(nominal_days__gt=0),
                name="course_takes_at_least_a_day",
                violation_error_message=_("A course must take at least one day."),
            ),
        )

    def __str__(self) -> str:
        return self.title


class CourseRun(models.Model):
    """One run (cohort) of a course."""

    course = models.ForeignKey(Course, models.CASCADE, related_name="runs")
    key = models.CharField(max_length=100, help_text=_("Unique within the course."))
    title = models.CharField(max_length=200, blank=True)
    starts_on = models.DateField(
        null=True, blank=True, help_text=_("Leave empty if learners can start any day.")
    )
    ends_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ("course", "starts_on", "key")
        constraints = (
            models.UniqueConstraint(
                "course",
                "key",
                name="run_key_unique_in_its_course",
                violation_error_message=_("The course already has a run with this key."),
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(starts_on=None) | Q(ends_on__gt=F("starts_on")),
                name="run_ends_after_it_starts",
                violation_error_message=_("The run must end after it starts."),
            ),
        )

    def __str__(self) -> str:
        return self.title or f"{self.course.key} {self.key}"

    @property
    def nominal_days(self) -> int:
        """Return the days from start to end, or the course's length without both dates."""
        if self.starts_on and self.ends_on:
            return (self.ends_on - self.starts_on).days
        return self.course.nominal_days


class Module(models.Model):
    """One part of a course, at its position."""

    course = models.ForeignKey(Course, models.CASCADE, related_name="modules")
    key = models.CharField(max_length=100, help_text=_("Unique within the course."))
    title = models.CharField(max_length=200)
    position = models.PositiveIntegerField(help_text=_("Order within the course, starting at 1."))
    is_required = models.BooleanField("required", default=True)
    planned_days = models.PositiveIntegerField(
        default=7,
        help_text=_(
            "Planned days. A module is due after its own days and those of all earlier modules."
        ),
    )
    effort_minutes = models.PositiveIntegerField("effort in minutes", default=120)

    class Meta:
        ordering = ("course", "position")
        constraints = (
            models.UniqueConstraint(
                "course",
                "key",
                name="module_key_unique_in_its_course",
                violation_error_message=_("The course already has a module with this key."),
            ),
            models.UniqueConstraint(
                fields=("course", "position"),
                name="one_module_per_position",
                deferrable=models.Deferrable.DEFERRED,
            ),
        )

    def __str__(self) -> str:
        return self.title


class RunModule(models.Model):
    """A fixed due date of a module in one run, instead of the planned days."""

    run = models.ForeignKey(CourseRun, models.CASCADE, related_name="timetable")
    module = models.ForeignKey(Module, models.CASCADE, related_name="timetable")
    due_on = models.DateField()

    class Meta:
        ordering = ("run", "due_on")
        verbose_name = "timetable entry"
        verbose_name_plural = "timetable"
        constraints = (
            models.UniqueConstraint(
                "run",
                "module",
                name="one_due_date_per_run_and_module",
                violation_error_message=_("This module already has a due date in this run."),
            ),
        )

    def __str__(self) -> str:
        return gettext("%(module)s, due %(day)s") % {
            "module": self.module,
            "day": localized.day(self.due_on),
        }


class Skill(models.Model):
    key = models.CharField(max_length=100, unique=True)
    title = models.CharField(max_length=200)
    modules = models.ManyToManyField(Module, related_name="skills", blank=True)
    prerequisites = models.ManyToManyField(
        "self",
        symmetrical=False,
        related_name="required_by",
        blank=True,
        help_text=_("Skills that learners should have before they learn this one."),
    )

    class Meta:
        ordering = ("title",)

    def __str__(self) -> str:
        return self.title
