"""Alerts with their history, what waits to be evaluated, and the log of evaluations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Case, F, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from alerts.models.rules import AlertRule, Severity
from curriculum.models import Course
from kpis.models import Measurement, PeriodKind

if TYPE_CHECKING:
    from accounts.reader import Reader


class AlertQuerySet(models.QuerySet["Alert"]):
    def open(self) -> AlertQuerySet:
        return self.filter(closed_at=None)

    def visible_to(self, reader: Reader) -> AlertQuerySet:
        """Filter by the reader's courses, and by single runs what is about these runs alone.

        Alerts of the whole site need access to every course. Those of a course or a module are
        about all its runs, so a reader of one run does not see them.
        """
        if reader.sees_every_course:
            return self
        of_runs = Q(scope=Measurement.Scope.RUN, scope_id__in=reader.run_ids)
        return self.filter(Q(course__in=reader.course_ids) | of_runs)

    def with_figures_start(self) -> AlertQuerySet:
        """Annotate `figures_start`: the period of the figures, which a closed alert keeps."""
        with_figures = AlertEvent.objects.filter(alert=OuterRef("pk"), period_start__isnull=False)
        latest = Subquery(with_figures.order_by("-at", "-pk").values("period_start")[:1])
        return self.annotate(
            figures_start=Case(
                When(closed_at=None, then=F("last_period_start")),
                default=Coalesce(latest, F("last_period_start")),
            )
        )


class Alert(models.Model):
    """Consecutive periods in which a rule's condition held in one scope."""

    class State(models.TextChoices):
        OK = "ok", _("OK")
        PENDING = "pending", _("Pending")
        FIRING = "firing", _("Firing")
        RECOVERING = "recovering", _("Recovering")
        NO_DATA = "no_data", _("No data")
        LOW_N = "low_n", _("Too few observations")
        STALE = "stale", _("Stale data")

    rule = models.ForeignKey(AlertRule, models.CASCADE, related_name="alerts")
    scope = models.CharField(max_length=10, choices=Measurement.Scope.choices)
    scope_id = models.BigIntegerField(
        default=0, help_text=_("Id of the course, run or module; 0 for the site.")
    )
    course = models.ForeignKey(Course, models.CASCADE, null=True, blank=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.FIRING)
    severity = models.CharField(max_length=10, choices=Severity.choices)
    first_period_start = models.DateField(
        help_text=_("The first period in which the condition held.")
    )
    last_period_start = models.DateField(help_text=_("The last period evaluated."))
    value = models.FloatField(null=True, help_text=_("In the KPI's unit, as last evaluated."))
    target = models.FloatField(null=True)
    ci_low = models.FloatField(null=True)
    ci_high = models.FloatField(null=True)
    n = models.BigIntegerField(default=0)
    worst_gap = models.FloatField(
        default=0, help_text=_("The largest distance from the target so far.")
    )
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="closed_alerts"
    )
    is_expected = models.BooleanField(
        default=False, help_text=_("Closed by a person although the condition still held.")
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
        help_text=_("The open alert of the course that holds back this alert of a module."),
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
        return f"{self.rule}: {self.scope} {self.scope_id}, {self.first_period_start}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def is_acknowledged(self) -> bool:
        return self.acknowledged_at is not None


class AlertEvent(models.Model):
    """One entry of an alert's history; `notifies`: people receive a notification."""

    class Kind(models.TextChoices):
        OPENED = "opened", _("Opened")
        WORSENED = "worsened", _("Worsened")
        ACKNOWLEDGED = "acknowledged", _("Acknowledged")
        SNOOZED = "snoozed", _("Snoozed")
        UNSNOOZED = "unsnoozed", _("Snooze ended")
        COMMENTED = "commented", _("Commented")
        RECOVERED = "recovered", _("Recovered")
        CLOSED = "closed", pgettext_lazy("alert", "Closed")
        INHIBITED = "inhibited", _("Held back")
        REOPENED = "reopened", _("Reopened")
        RESTATED = "restated", _("Restated")
        PROPOSED = "proposed", _("Change proposed")

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True)
    reason = models.TextField(blank=True)
    period_start = models.DateField(null=True, blank=True)
    value = models.FloatField(null=True)
    target = models.FloatField(null=True)
    ci_low = models.FloatField(null=True)
    ci_high = models.FloatField(null=True)
    n = models.BigIntegerField(null=True)
    notifies = models.BooleanField(default=False)

    class Meta:
        ordering = ("at", "pk")

    def __str__(self) -> str:
        return f"{self.alert_id} {self.kind} {self.at:%Y-%m-%d %H:%M}"


class PendingEvaluation(models.Model):
    """A KPI whose closed periods changed since they were evaluated.

    Rows are only added and deleted by id, as stale days are.
    """

    kpi = models.CharField(max_length=100)
    period_kind = models.CharField(max_length=10, choices=PeriodKind.choices)
    course = models.ForeignKey(
        Course, models.CASCADE, null=True, blank=True, help_text=_("Empty: every course.")
    )
    not_before = models.DateTimeField(
        null=True, blank=True, help_text=_("Not evaluated before this time.")
    )

    class Meta:
        verbose_name_plural = "pending evaluations"

    def __str__(self) -> str:
        return f"{self.kpi} {self.period_kind} {self.course_id}"


class EvaluationRun(models.Model):
    """All periods closed by `as_of` have been evaluated; the next run starts there."""

    as_of = models.DateTimeField(unique=True)
    cases = models.PositiveIntegerField(default=0, help_text=_("Rules times scopes evaluated."))
    events = models.PositiveIntegerField(default=0, help_text=_("Events written."))
    seconds = models.FloatField(default=0)
    checked_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When nothing new was last found to evaluate.")
    )

    class Meta:
        ordering = ("-as_of",)

    def __str__(self) -> str:
        return f"{self.as_of:%Y-%m-%d %H:%M}"
