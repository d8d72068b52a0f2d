from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from accounts.models import User
from curriculum.models import Course, CourseRun, Module
from kpis.models import Measurement, PeriodKind

if TYPE_CHECKING:
    from accounts.access import Reader


class Severity(models.TextChoices):
    INFO = "info", "Info"
    WARNING = "warning", "Warning"
    CRITICAL = "critical", "Critical"


class AlertRule(models.Model):
    """When a KPI is worth a word, of one scope or of each course or module."""

    class Each(models.TextChoices):
        ONE = "", "The scope itself"
        COURSE = "course", "Each course"
        MODULE = "module", "Each module"

    class Metric(models.TextChoices):
        TARGET = "target", "Value against its target"
        CHANGE = "change", "Change since the period before"
        STALE = "stale", "Data that stopped coming"

    class Side(models.TextChoices):
        WORSE = "worse", "Worse"
        BETTER = "better", "Better"

    class Mode(models.TextChoices):
        INTERVAL = "interval", "Only when the whole interval is beyond"
        POINT = "point", "When the value is beyond"

    name = models.CharField(max_length=200)
    kpi = models.CharField("KPI", max_length=100, db_index=True)
    course = models.ForeignKey(
        Course, models.CASCADE, null=True, blank=True, help_text="Empty: the whole site."
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
        help_text="Judged once it is closed.",
    )
    side = models.CharField(
        max_length=10,
        choices=Side.choices,
        default=Side.WORSE,
        help_text="Than the target or than before; which way that is, the KPI says.",
    )
    margin = models.DecimalField(
        max_digits=12,
        decimal_places=4,
        default=0,
        validators=[MinValueValidator(0)],
        help_text="In the KPI's unit: so far beyond to fire, so far back to recover.",
    )
    mode = models.CharField(max_length=10, choices=Mode.choices, default=Mode.INTERVAL)
    patience = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1)], help_text="Periods in a row before it fires."
    )
    min_n = models.PositiveIntegerField(
        "least n", null=True, blank=True, help_text="Observations; empty: as the KPI says."
    )
    severity = models.CharField(max_length=10, choices=Severity.choices, default=Severity.WARNING)
    cooldown_days = models.PositiveSmallIntegerField(
        "cool-down",
        default=7,
        validators=[MaxValueValidator(365)],
        help_text="In days; broken only when the gap has grown by a quarter. 0: none.",
    )
    hours_from = models.TimeField(
        "told from", null=True, blank=True, help_text="Empty: at any time of the day."
    )
    hours_until = models.TimeField("told until", null=True, blank=True)
    weekdays = models.JSONField(
        default=list, blank=True, help_text="From 1, Monday, to 7; empty: every day."
    )
    owner = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="alert_rules"
    )
    is_active = models.BooleanField("active", default=True)
    is_judged = models.BooleanField(
        default=False, editable=False, help_text="As it stands now; if not, all of it is due."
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
                name="each_is_told_of_a_course_or_the_site",
            ),
            models.CheckConstraint(
                condition=Q(run=None) | Q(module=None), name="rule_of_a_run_or_a_module"
            ),
            models.CheckConstraint(
                condition=Q(hours_from=None, hours_until=None) | Q(hours_from__lt=F("hours_until")),
                name="working_hours_end_after_they_start",
            ),
        )

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, and have all that the rule says judged again."""
        self.is_judged = False
        self.clean()
        super().save(*args, **kwargs)

    def clean(self) -> None:
        """A run or a module names its course."""
        if part := self.module or self.run:
            self.course = part.course

    @property
    def scope(self) -> str:
        """The kind of thing that it tells of: site, course, run or module."""
        if self.each:
            return self.each
        if self.module_id:
            return Measurement.Scope.MODULE
        if self.run_id:
            return Measurement.Scope.RUN
        return Measurement.Scope.COURSE if self.course_id else Measurement.Scope.SITE

    @property
    def scope_id(self) -> int:
        """The id of the one thing that it tells of; 0 for the site and for each of several."""
        return 0 if self.each else self.module_id or self.run_id or self.course_id or 0


class AlertQuerySet(models.QuerySet["Alert"]):
    def open(self) -> AlertQuerySet:
        return self.filter(closed_at=None)

    def visible_to(self, reader: Reader) -> AlertQuerySet:
        """Those of the reader's courses, their runs and modules; the site's go with all courses."""
        if reader.sees_every_course:
            return self
        return self.filter(course__in=reader.course_ids)


class Alert(models.Model):
    """A stretch of time in which a rule had something to say of one scope."""

    class State(models.TextChoices):
        OK = "ok", "OK"
        PENDING = "pending", "Pending"
        FIRING = "firing", "Firing"
        RECOVERING = "recovering", "Recovering"
        NO_DATA = "no_data", "No data"
        LOW_N = "low_n", "Too few"
        STALE = "stale", "Stale"

    rule = models.ForeignKey(AlertRule, models.CASCADE, related_name="alerts")
    scope = models.CharField(max_length=10, choices=Measurement.Scope.choices)
    scope_id = models.BigIntegerField(default=0, help_text="Of the scope's row; 0: the site.")
    course = models.ForeignKey(Course, models.CASCADE, null=True, blank=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.FIRING)
    severity = models.CharField(max_length=10, choices=Severity.choices)
    first_period_start = models.DateField(help_text="The period in which it began.")
    last_period_start = models.DateField(help_text="The last period that was judged.")
    value = models.FloatField(null=True, help_text="In the KPI's unit, as last judged.")
    target = models.FloatField(null=True)
    ci_low = models.FloatField(null=True)
    ci_high = models.FloatField(null=True)
    n = models.BigIntegerField(default=0)
    worst_gap = models.FloatField(
        default=0, help_text="The largest distance from the target that was told."
    )
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="closed_alerts"
    )
    is_expected = models.BooleanField(
        default=False, help_text="Somebody closed it though it had not recovered."
    )
    last_notified_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="acknowledged_alerts"
    )
    owner = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="owned_alerts"
    )
    note = models.CharField(max_length=1000, blank=True)
    snoozed_until = models.DateTimeField(null=True, blank=True)
    inhibited_by = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="inhibits",
        help_text="The course's alert, while it holds back this one of a module.",
    )

    objects = AlertQuerySet.as_manager()

    class Meta:
        ordering = ("-opened_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=("rule", "scope", "scope_id"),
                condition=Q(closed_at=None),
                name="one_open_alert_per_rule_and_scope",
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None) | Q(closed_at__gte=F("opened_at")),
                name="alert_closes_after_it_opens",
            ),
        )
        indexes = (
            models.Index(fields=("course", "-opened_at"), name="alert_by_course"),
            models.Index(
                fields=("rule", "scope", "scope_id", "-opened_at"), name="latest_alert_of_a_scope"
            ),
        )

    def __str__(self) -> str:
        return f"{self.rule}: {self.scope} {self.scope_id} since {self.first_period_start}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def is_acknowledged(self) -> bool:
        return self.acknowledged_at is not None


class AlertEvent(models.Model):
    """What happened to an alert: its history. Those `is_told` are told to people."""

    class Kind(models.TextChoices):
        OPENED = "opened", "Opened"
        WORSENED = "worsened", "Worsened"
        ACKNOWLEDGED = "acknowledged", "Acknowledged"
        SNOOZED = "snoozed", "Snoozed"
        UNSNOOZED = "unsnoozed", "Snooze ended"
        COMMENTED = "commented", "Commented"
        RECOVERED = "recovered", "Recovered"
        CLOSED = "closed", "Closed"
        INHIBITED = "inhibited", "Held back"
        REOPENED = "reopened", "Reopened"
        RESTATED = "restated", "Restated"

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True)
    why = models.TextField(blank=True)
    period_start = models.DateField(null=True, blank=True)
    value = models.FloatField(null=True)
    target = models.FloatField(null=True)
    ci_low = models.FloatField(null=True)
    ci_high = models.FloatField(null=True)
    n = models.BigIntegerField(null=True)
    is_told = models.BooleanField(default=False)

    class Meta:
        ordering = ("at", "pk")

    def __str__(self) -> str:
        return f"{self.alert_id} {self.kind} {self.at:%Y-%m-%d %H:%M}"
