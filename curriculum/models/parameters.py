from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import BigIntegerField, F, Q
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce, Round
from django.db.models.lookups import Exact
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.decimals import format_decimal
from curriculum.models.courses import Course, CourseRun, Module


def _ten_thousandths(number: Combinable) -> Cast:
    """Return a number of four decimals as an integer, whose remainder is exact on SQLite, too."""
    return Cast(Round(number * 10_000), BigIntegerField())


class ParameterQuerySet(models.QuerySet["Parameter"]):
    def site_wide(self) -> ParameterQuerySet:
        return self.filter(course=None, run=None, module=None)


class Parameter(models.Model):
    """A number with bounds and a step, for the whole site, a course, a run or a module.

    Which value applies at a moment follows from the changes. `value` is the one that stays once
    all approved changes apply. Texts and bounds are copies of the declaration.
    """

    class Role(models.TextChoices):
        MEASUREMENT = "measurement", _("Measurement setting")
        CURRICULUM = "curriculum", _("Curriculum parameter")

    key = models.CharField(max_length=100, help_text=_("For example completion.window-factor."))
    role = models.CharField(
        max_length=11,
        choices=Role.choices,
        help_text=_("Defines how figures are computed, or changes what learners get."),
    )
    name = models.CharField(max_length=200)
    help = models.TextField("description", blank=True)
    unit = models.CharField(max_length=30, blank=True)
    course = models.ForeignKey(Course, models.CASCADE, null=True, blank=True)
    run = models.ForeignKey(CourseRun, models.CASCADE, null=True, blank=True)
    module = models.ForeignKey(Module, models.CASCADE, null=True, blank=True)
    is_whole = models.BooleanField("whole numbers only", default=False)
    value = models.DecimalField(max_digits=12, decimal_places=4)
    minimum = models.DecimalField(max_digits=12, decimal_places=4)
    maximum = models.DecimalField(max_digits=12, decimal_places=4)
    step = models.DecimalField(max_digits=12, decimal_places=4)

    objects = ParameterQuerySet.as_manager()

    class Meta:
        ordering = ("role", "key", "course", "run", "module")
        constraints = (
            models.UniqueConstraint(
                "key",
                Coalesce("course", 0),
                Coalesce("run", 0),
                Coalesce("module", 0),
                name="one_parameter_per_scope",
                violation_error_message=_(
                    "This parameter already has a value of its own there. Change that one instead."
                ),
            ),
            models.CheckConstraint(
                condition=Q(value__gte=F("minimum"), value__lte=F("maximum")),
                name="parameter_within_bounds",
            ),
            models.CheckConstraint(condition=Q(step__gt=0), name="parameter_step_is_positive"),
            models.CheckConstraint(
                condition=Q(
                    Exact(
                        _ten_thousandths(F("value") - F("minimum")) % _ten_thousandths(F("step")), 0
                    )
                ),
                name="parameter_value_is_on_a_step",
            ),
            models.CheckConstraint(
                condition=Q(course=None, run=None)
                | Q(course=None, module=None)
                | Q(run=None, module=None),
                name="parameter_has_one_scope",
                violation_error_message=_("Choose one course, one run or one module."),
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
        return str(self.module or self.run or self.course or gettext("whole site"))

    @property
    def scope_ids(self) -> tuple[int | None, int | None, int | None]:
        return self.course_id, self.run_id, self.module_id

    @property
    def is_site_wide(self) -> bool:
        return not any(self.scope_ids)


class ParameterChangeQuerySet(models.QuerySet["ParameterChange"]):
    def in_effective_order(self) -> ParameterChangeQuerySet:
        """Keep changes that took or will take effect, the earliest first.

        A reverted one did until it was reverted.
        """
        begins = Coalesce("effective_from", "decided_at")
        return self.filter(status__in=ParameterChange.EFFECTIVE).order_by(
            begins, "decided_at", "pk"
        )


class ParameterChange(models.Model):
    """One change of a parameter's value: who proposed it, why, and the decision."""

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("Proposed")
        APPLIED = "applied", _("Applied")
        REJECTED = "rejected", _("Rejected")
        REVERTED = "reverted", _("Reverted")

    EFFECTIVE = (Status.APPLIED, Status.REVERTED)

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
    effective_from = models.DateTimeField(
        null=True,
        blank=True,
        help_text=_("From when the value applies. Empty: from the decision."),
    )
    reverts = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="+")

    objects = ParameterChangeQuerySet.as_manager()

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

    @property
    def applies_from(self) -> datetime:
        """From when the value applies, once the change is decided."""
        return self.effective_from or self.decided_at or self.proposed_at
