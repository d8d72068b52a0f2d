from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.decimals import format_decimal
from curriculum.models.courses import Course, Module


class Parameter(models.Model):
    """A number with bounds and a step, for the whole site, one course or one module."""

    key = models.CharField(max_length=100, help_text=_("For example completion.window-factor."))
    name = models.CharField(max_length=200)
    help = models.TextField("description", blank=True)
    unit = models.CharField(max_length=30, blank=True)
    course = models.ForeignKey(Course, models.CASCADE, null=True, blank=True)
    module = models.ForeignKey(Module, models.CASCADE, null=True, blank=True)
    is_whole = models.BooleanField("whole numbers only", default=False)
    value = models.DecimalField(max_digits=12, decimal_places=4)
    minimum = models.DecimalField(max_digits=12, decimal_places=4)
    maximum = models.DecimalField(max_digits=12, decimal_places=4)
    step = models.DecimalField(max_digits=12, decimal_places=4)

    class Meta:
        ordering = ("key", "course", "module")
        constraints = (
            models.UniqueConstraint(
                "key", Coalesce("course", 0), Coalesce("module", 0), name="one_parameter_per_scope"
            ),
            models.CheckConstraint(
                condition=Q(value__gte=F("minimum"), value__lte=F("maximum")),
                name="parameter_within_bounds",
            ),
            models.CheckConstraint(condition=Q(step__gt=0), name="parameter_step_is_positive"),
            models.CheckConstraint(
                condition=Q(module=None) | Q(course=None), name="parameter_has_one_scope"
            ),
        )

    def __str__(self) -> str:
        return f"{self.display_name} ({self.scope})"

    @property
    def display_name(self) -> str:
        """The name in the reader's language; the row holds the English one."""
        return gettext(self.name)

    @property
    def scope(self) -> str:
        return str(self.module or self.course or gettext("whole site"))


class ParameterChange(models.Model):
    """One change of a parameter's value: who proposed it, why, and the decision."""

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("Proposed")
        APPLIED = "applied", _("Applied")
        REJECTED = "rejected", _("Rejected")
        REVERTED = "reverted", _("Reverted")

    parameter = models.ForeignKey(Parameter, models.CASCADE, related_name="changes")
    old_value = models.DecimalField(max_digits=12, decimal_places=4)
    new_value = models.DecimalField(max_digits=12, decimal_places=4)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PROPOSED)
    reason = models.TextField()
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    reverts = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ("-proposed_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=("parameter",),
                condition=Q(status="proposed"),
                name="one_open_proposal_per_parameter",
            ),
            models.CheckConstraint(
                condition=Q(status="proposed", decided_at=None)
                | (~Q(status="proposed") & ~Q(decided_at=None)),
                name="decision_has_its_time",
            ),
        )

    def __str__(self) -> str:
        old, new = format_decimal(self.old_value), format_decimal(self.new_value)
        return f"{self.parameter.key}: {old} → {new}"
