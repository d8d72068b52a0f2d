"""Alert rules."""

from __future__ import annotations

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from curriculum.models import Course, CourseRun, Module
from kpis.models import Measurement, PeriodKind


class Severity(models.TextChoices):
    INFO = "info", _("Info")
    WARNING = "warning", _("Warning")
    CRITICAL = "critical", _("Critical")


class AlertRule(models.Model):
    """When to alert about a KPI: in one scope, or in each course or module."""

    class Each(models.TextChoices):
        ONE = "", _("Only the scope below")
        COURSE = "course", _("Each course")
        MODULE = "module", _("Each module")

    class Metric(models.TextChoices):
        TARGET = "target", _("Value compared with its target")
        CHANGE = "change", _("Change since the previous period")
        STALE = "stale", _("Stale data")

    class Side(models.TextChoices):
        WORSE = "worse", _("Worse")
        BETTER = "better", _("Better")

    class Mode(models.TextChoices):
        INTERVAL = "interval", _("The whole 95% interval is beyond the target")
        POINT = "point", _("The value is beyond the target")

    name = models.CharField(max_length=200)
    kpi = models.CharField(_("KPI"), max_length=100, db_index=True)
    course = models.ForeignKey(
        Course,
        models.CASCADE,
        null=True,
        blank=True,
        help_text=_("Leave empty for the whole site."),
    )
    run = models.ForeignKey(CourseRun, models.CASCADE, null=True, blank=True)
    module = models.ForeignKey(Module, models.CASCADE, null=True, blank=True)
    each = models.CharField(max_length=10, choices=Each.choices, blank=True)
    metric = models.CharField(max_length=10, choices=Metric.choices, default=Metric.TARGET)
    period_kind = models.CharField(
        "period",
        max_length=10,
        choices=PeriodKind.choices,
        default=PeriodKind.MONTH,
        help_text=_("Each period is evaluated after it closes."),
    )
    side = models.CharField(
        max_length=10,
        choices=Side.choices,
        default=Side.WORSE,
        help_text=_("The KPI defines whether higher or lower values are better."),
    )
    margin = models.DecimalField(
        max_digits=12,
        decimal_places=4,
        default=0,
        validators=[MinValueValidator(0)],
        help_text=_(
            "In the KPI's unit: how far beyond the target a value must be to open an alert, "
            "and how far past it to recover."
        ),
    )
    mode = models.CharField(max_length=10, choices=Mode.choices, default=Mode.INTERVAL)
    patience = models.PositiveSmallIntegerField(
        default=1,
        validators=[MinValueValidator(1)],
        help_text=_("How many periods in a row must meet the condition."),
    )
    min_n = models.PositiveIntegerField(
        _("minimum sample size"),
        null=True,
        blank=True,
        help_text=_("Leave empty for the minimum of the KPI."),
    )
    severity = models.CharField(max_length=10, choices=Severity.choices, default=Severity.WARNING)
    cooldown_days = models.PositiveSmallIntegerField(
        "cool-down",
        default=7,
        validators=[MaxValueValidator(365)],
        help_text=_(
            "Days before the alert may open again, unless the gap has grown by a quarter. "
            "0: no cool-down."
        ),
    )
    hours_from = models.TimeField(
        _("notify from"),
        null=True,
        blank=True,
        help_text=_("Leave empty to notify at any time of day."),
    )
    hours_until = models.TimeField(_("notify until"), null=True, blank=True)
    weekdays = models.JSONField(
        default=list,
        blank=True,
        help_text=_("1 is Monday, 7 is Sunday. Leave empty for every day."),
    )
    owner = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="alert_rules"
    )
    is_active = models.BooleanField("active", default=True)
    is_evaluated = models.BooleanField(
        default=False, editable=False, help_text=_("Evaluated with its current settings.")
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("kpi", "name")
        constraints = (
            models.CheckConstraint(condition=Q(patience__gte=1), name="patience_is_one_or_more"),
            models.CheckConstraint(condition=Q(margin__gte=0), name="margin_not_negative"),
            models.CheckConstraint(
                condition=Q(each="") | Q(run=None, module=None),
                name="each_is_of_a_course_or_the_site",
            ),
            models.CheckConstraint(
                condition=Q(run=None) | Q(module=None), name="rule_has_a_run_or_a_module"
            ),
            models.CheckConstraint(
                condition=Q(hours_from=None, hours_until=None) | Q(hours_from__lt=F("hours_until")),
                name="notify_hours_end_after_they_start",
            ),
        )

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, and have every scope of the rule evaluated again."""
        self.is_evaluated = False
        self.clean()
        super().save(*args, **kwargs)

    def clean(self) -> None:
        """Set the course of the run or module."""
        if part := self.module or self.run:
            self.course = part.course

    @property
    def scope(self) -> str:
        """What the rule watches: site, course, run or module."""
        if self.each:
            return self.each
        if self.module_id:
            return Measurement.Scope.MODULE
        if self.run_id:
            return Measurement.Scope.RUN
        return Measurement.Scope.COURSE if self.course_id else Measurement.Scope.SITE

    @property
    def scope_id(self) -> int:
        """The id of the one object watched; 0 for the site, and for each course or module."""
        return 0 if self.each else self.module_id or self.run_id or self.course_id or 0
