"""A proposed change of a parameter, from the alert to its measured effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from accounts.models.written_once import WrittenOnce
from alerts.models import Alert
from curriculum.models import Course, Parameter, ParameterChange
from improvement.models.rules import AdjustmentRule

if TYPE_CHECKING:
    from accounts.reader import Reader


class AdjustmentQuerySet(models.QuerySet["Adjustment"]):
    def open(self) -> AdjustmentQuerySet:
        """Keep those that wait for a decision, for their first day, or for their effect."""
        return self.filter(status__in=Adjustment.OPEN)

    def visible_to(self, reader: Reader) -> AdjustmentQuerySet:
        """Filter by the reader's courses; those of the whole site need access to every course."""
        if reader.sees_every_course:
            return self
        return self.filter(course__in=reader.course_ids)


class Adjustment(models.Model):
    """One change of a curriculum parameter that should improve a KPI.

    Keys and values are copies, so that the row still says what happened when the parameter, its
    module or the alert no longer exists.
    """

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("Waiting for a decision")
        APPROVED = "approved", _("Approved, not yet in force")
        WATCHED = "watched", _("Applied and watched")
        KEPT = "kept", pgettext_lazy("adjustment", "Kept")
        REVERTED = "reverted", _("Reverted")
        REJECTED = "rejected", _("Rejected")
        WITHDRAWN = "withdrawn", pgettext_lazy("adjustment", "Withdrawn")
        REPLACED = "replaced", _("Replaced by a later change")
        DECLINED = "declined", _("Not proposed")

    OPEN = (Status.PROPOSED, Status.APPROVED, Status.WATCHED)
    APPLIED = (Status.WATCHED, Status.KEPT, Status.REVERTED, Status.REPLACED)

    rule = models.ForeignKey(
        AdjustmentRule, models.SET_NULL, null=True, blank=True, related_name="adjustments"
    )
    alert = models.ForeignKey(
        Alert, models.SET_NULL, null=True, blank=True, related_name="adjustments"
    )
    change = models.OneToOneField(
        ParameterChange, models.SET_NULL, null=True, blank=True, related_name="adjustment"
    )
    parameter = models.ForeignKey(
        Parameter, models.SET_NULL, null=True, blank=True, related_name="adjustments"
    )
    course = models.ForeignKey(Course, models.SET_NULL, null=True, blank=True)
    place = models.CharField(
        max_length=500, help_text=_("The course, run or module, as it was called at the time.")
    )
    parameter_key = models.CharField(max_length=100)
    old_value = models.DecimalField(max_digits=12, decimal_places=4)
    new_value = models.DecimalField(max_digits=12, decimal_places=4)
    kpi = models.CharField(_("KPI"), max_length=100)
    alert_value = models.FloatField(null=True, help_text=_("The KPI's value when it was proposed."))
    alert_target = models.FloatField(null=True)
    alert_period_start = models.DateField(null=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PROPOSED)
    version = models.PositiveIntegerField(
        default=1, help_text=_("Counts what happened to it; a form for an older one is refused.")
    )
    reason = models.TextField(blank=True)
    proposed_at = models.DateTimeField()
    proposed_by = models.ForeignKey(
        User,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Empty: a rule."),
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    decision_reason = models.TextField(blank=True)
    is_automatic = models.BooleanField(
        _("automatic"), default=False, help_text=_("Approved by its rule, within the budget.")
    )
    applies_from = models.DateTimeField(null=True, blank=True)
    watch_days = models.PositiveSmallIntegerField(default=60)
    watch_until = models.DateTimeField(null=True, blank=True)
    guard_kpis = models.JSONField(default=list, blank=True)
    guard_looks = models.PositiveSmallIntegerField(
        default=0, help_text=_("How often the guard KPIs have been tested.")
    )
    effect = models.JSONField(null=True, blank=True)
    effect_computed_at = models.DateTimeField(null=True, blank=True)
    guard_result = models.JSONField(
        null=True, blank=True, help_text=_("The guard KPI that got worse.")
    )
    revert_proposed_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = AdjustmentQuerySet.as_manager()

    class Meta:
        ordering = ("-proposed_at", "-pk")
        permissions = (
            (
                "decide_adjustment",
                "Can approve, reject, keep and revert adjustments",  # not translated: by migrate
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("rule", "alert"), name="one_adjustment_per_rule_and_alert"
            ),
            models.UniqueConstraint(
                fields=("parameter",),
                condition=Q(status__in=("proposed", "approved", "watched")),
                name="one_open_adjustment_per_parameter",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=("approved", "watched")) | Q(applies_from__isnull=False),
                name="approved_adjustment_has_a_first_day",
            ),
            models.CheckConstraint(
                condition=Q(watch_until=None) | Q(watch_until__gt=F("applies_from")),
                name="watching_ends_after_it_begins",
            ),
        )
        indexes = (
            models.Index(fields=("course", "-proposed_at"), name="adjustments_by_course"),
            models.Index(fields=("status", "watch_until"), name="adjustments_by_status"),
        )

    def __str__(self) -> str:
        return f"{self.parameter_key}, {self.place}"

    @property
    def is_open(self) -> bool:
        return self.status in self.OPEN

    @property
    def is_measured(self) -> bool:
        return self.effect_computed_at is not None

    @property
    def values(self) -> str:
        """The old and the new value in the reader's language: 7 → 9 days."""
        if self.change:
            return self.change.values
        return f"{self.old_value.normalize():f} → {self.new_value.normalize():f}"


class AdjustmentEvent(WrittenOnce):
    """One entry of an adjustment's history: who did what, and the row before and after.

    Entries are never changed, and only deleted together with their adjustment.
    """

    class Kind(models.TextChoices):
        PROPOSED = "proposed", _("Proposed")
        DECLINED = "declined", _("Not proposed")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")
        WITHDRAWN = "withdrawn", pgettext_lazy("adjustment", "Withdrawn")
        BEGAN = "began", _("In force")
        WORSENED = "worsened", _("Guard KPI worsened")
        MEASURED = "measured", _("Effect measured")
        KEPT = "kept", pgettext_lazy("adjustment", "Kept")
        REVERTED = "reverted", _("Reverted")
        REPLACED = "replaced", _("Replaced")

    adjustment = models.ForeignKey(Adjustment, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=10, choices=Kind.choices)

    class Meta:
        ordering = ("at", "pk")

    def __str__(self) -> str:
        return f"{self.adjustment_id} {self.kind} {self.at:%Y-%m-%d %H:%M}"
