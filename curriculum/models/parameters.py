from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import BigIntegerField, F, Q
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce, Round
from django.db.models.lookups import Exact
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from curriculum import parameter_kinds
from curriculum.models.courses import Course, CourseRun, Module
from curriculum.parameter_kinds import ValueType


def _ten_thousandths(number: Combinable) -> Cast:
    """Return a number of four decimals as an integer, whose remainder is exact on SQLite, too."""
    return Cast(Round(number * 10_000), BigIntegerField())


def _is_on_a_step(value: str) -> Q:
    steps = _ten_thousandths(F(value) - F("minimum")) % _ten_thousandths(F("step"))
    return Q(Exact(steps, 0))


class ParameterQuerySet(models.QuerySet["Parameter"]):
    def site_wide(self) -> ParameterQuerySet:
        return self.filter(course=None, run=None, module=None)


class Parameter(models.Model):
    """A typed value with bounds and a step, for the whole site, a course, a run or a module.

    Which value applies at a moment follows from the changes. `value` is the one that stays once
    all approved changes apply. Texts and bounds are copies of the declaration, or of what staff
    entered when they added the parameter. The value of a choice is an index into `choices`.
    """

    Kind = parameter_kinds.Kind

    class Role(models.TextChoices):
        MEASUREMENT = "measurement", _("Measurement setting")
        CURRICULUM = "curriculum", _("Curriculum parameter")

    class AppliesTo(models.TextChoices):
        SIGN_UPS = "sign_ups", _("Learners who enroll from then on")
        EVERYONE = "everyone", _("Everyone")

    key = models.CharField(max_length=100, help_text=_("For example completion.window-factor."))
    role = models.CharField(
        max_length=11,
        choices=Role.choices,
        help_text=_("Defines how figures are computed, or changes what learners get."),
    )
    name = models.CharField(max_length=200)
    help = models.TextField("description", blank=True)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.NUMBER)
    unit = models.CharField(max_length=30, blank=True)
    choices = models.JSONField(default=list, blank=True, help_text=_("The labels of a choice."))
    scopes = models.JSONField(
        default=list, blank=True, help_text=_("What can have a value of its own.")
    )
    applies_to = models.CharField(
        max_length=8, choices=AppliesTo.choices, default=AppliesTo.EVERYONE
    )
    is_added = models.BooleanField("added by staff", default=False)
    is_retired = models.BooleanField("no longer used", default=False)
    revised_at = models.DateTimeField(auto_now=True)
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
        indexes = (models.Index(fields=("revised_at",), name="latest_parameter_revision"),)
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
                condition=_is_on_a_step("value"),
                name="parameter_value_is_on_a_step",
            ),
            models.CheckConstraint(
                condition=Q(role="curriculum") | Q(is_added=False),
                name="only_curriculum_parameters_are_added",
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

    @property
    def value_type(self) -> ValueType:
        """What values it can have, as this row says; the declaration may be newer."""
        return ValueType(
            name=self.name,
            kind=self.kind,
            minimum=self.minimum,
            maximum=self.maximum,
            step=self.step,
            unit=self.unit,
            choices=self.choices,
            is_whole=self.is_whole,
        )

    def written(self, value: Decimal) -> str:
        """Write a value in the reader's language, with its unit: 7 days, 70%, On."""
        return self.value_type.written(value)

    def shifted(self, value: Decimal, steps: int) -> Decimal:
        """Return the value that many steps further, or back if negative, within the bounds."""
        return self.value_type.shifted(value, steps)


class AddedParameter(Parameter):
    """A curriculum parameter that staff added; its row for the whole site."""

    class Meta:
        proxy = True
        ordering = ("name", "key")
        verbose_name = "added parameter"


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
    # the bounds at the time: later ones must not make the history impossible
    minimum = models.DecimalField(max_digits=12, decimal_places=4)
    maximum = models.DecimalField(max_digits=12, decimal_places=4)
    step = models.DecimalField(max_digits=12, decimal_places=4)
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
        indexes = (
            models.Index(fields=("decided_at",), name="latest_parameter_decision"),
            models.Index(Coalesce("effective_from", "decided_at"), name="latest_parameter_begin"),
        )
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
            models.CheckConstraint(
                condition=Q(new_value__gte=F("minimum"), new_value__lte=F("maximum")),
                name="change_within_bounds",
            ),
            models.CheckConstraint(condition=Q(step__gt=0), name="change_step_is_positive"),
            models.CheckConstraint(
                condition=_is_on_a_step("new_value"), name="change_is_on_a_step"
            ),
        )

    def __str__(self) -> str:
        return f"{self.parameter.key}: {self.values}"

    def save(self, **kwargs: Any) -> None:
        """Save it, with its parameter's bounds unless it has its own."""
        if getattr(self, "step", None) is None:
            for name in ("minimum", "maximum", "step"):
                setattr(self, name, getattr(self.parameter, name))
        super().save(**kwargs)

    @property
    def values(self) -> str:
        """The old and the new value in the reader's language: 7 → 9 days."""
        type_of_values = self.parameter.value_type
        old, new = type_of_values.short(self.old_value), type_of_values.written(self.new_value)
        return f"{old} → {new}"

    @property
    def applies_from(self) -> datetime:
        """From when the value applies, once the change is decided."""
        return self.effective_from or self.decided_at or self.proposed_at
