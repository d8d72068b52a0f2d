"""Which units are in which variant, and since when they were exposed to it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from curriculum.models import CourseRun, Learner
from experiments.models.experiments import Experiment
from experiments.models.plan import Variant

ONE_UNIT = Q(learner__isnull=False, run=None) | Q(learner=None, run__isnull=False)


class Assignment(models.Model):
    """The variant of a learner or run. It stays when the weights change."""

    # no indexes of their own for experiment and units: the unique constraints begin with them
    experiment = models.ForeignKey(
        Experiment, models.CASCADE, db_index=False, related_name="assignments"
    )
    learner = models.ForeignKey(
        Learner, models.CASCADE, null=True, blank=True, related_name="assignments"
    )
    run = models.ForeignKey(
        CourseRun, models.CASCADE, null=True, blank=True, related_name="assignments"
    )
    variant = models.ForeignKey(Variant, models.CASCADE, db_index=False, related_name="assignments")
    assigned_at = models.DateTimeField()

    class Meta:
        ordering = ("experiment", "assigned_at", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("experiment", "learner"), name="one_variant_per_learner"
            ),
            models.UniqueConstraint(fields=("experiment", "run"), name="one_variant_per_run"),
            models.CheckConstraint(condition=ONE_UNIT, name="assignment_has_one_unit"),
        )

    def __str__(self) -> str:
        return f"{self.learner or self.run}: {self.variant}"


class Exposure(models.Model):
    """When a unit first met its variant, by event; a unit with two variants is set aside."""

    class LeftOut(models.TextChoices):
        FORCED = "forced", _("Forced variant")
        TWO_VARIANTS = "two-variants", _("Seen in two variants")
        UNCOUNTED = "uncounted", _("Staff or test account")

    experiment = models.ForeignKey(
        Experiment, models.CASCADE, db_index=False, related_name="exposures"
    )
    learner = models.ForeignKey(
        Learner, models.CASCADE, null=True, blank=True, related_name="exposures"
    )
    run = models.ForeignKey(
        CourseRun, models.CASCADE, null=True, blank=True, related_name="exposures"
    )
    variant = models.ForeignKey(Variant, models.CASCADE, db_index=False, related_name="exposures")
    first_at = models.DateTimeField()
    first_on = models.DateField(help_text=_("The day of it in the provider's time zone."))
    left_out = models.CharField(
        max_length=12,
        choices=LeftOut.choices,
        blank=True,
        default="",
        db_default="",
        help_text=_("Why results do not count the unit; an analysis sets it anew."),
    )
    has_purged_event = models.BooleanField(default=False, db_default=False, editable=False)

    class Meta:
        ordering = ("experiment", "first_at", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("experiment", "learner", "variant"), name="one_exposure_per_learner_variant"
            ),
            models.UniqueConstraint(
                fields=("experiment", "run", "variant"), name="one_exposure_per_run_variant"
            ),
            models.CheckConstraint(condition=ONE_UNIT, name="exposure_has_one_unit"),
        )

    def __str__(self) -> str:
        return f"{self.learner or self.run}: {self.variant}, {self.first_at:%Y-%m-%d %H:%M}"


class ForcedVariant(models.Model):
    """A variant that staff chose for a unit, for example to try it out; no analysis counts it."""

    experiment = models.ForeignKey(
        Experiment, models.CASCADE, db_index=False, related_name="forced_variants"
    )
    learner = models.ForeignKey(
        Learner, models.CASCADE, null=True, blank=True, related_name="forced_variants"
    )
    run = models.ForeignKey(
        CourseRun, models.CASCADE, null=True, blank=True, related_name="forced_variants"
    )
    variant = models.ForeignKey(Variant, models.CASCADE, related_name="forced")
    reason = models.TextField()
    by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("experiment", "-at")
        constraints = (
            models.UniqueConstraint(
                fields=("experiment", "learner"),
                name="one_forced_variant_per_learner",
                violation_error_message=_("This learner already has a forced variant."),
            ),
            models.UniqueConstraint(
                fields=("experiment", "run"),
                name="one_forced_variant_per_run",
                violation_error_message=_("This run already has a forced variant."),
            ),
            models.CheckConstraint(
                condition=ONE_UNIT,
                name="forced_variant_has_one_unit",
                violation_error_message=_("Choose a learner or a run."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.learner or self.run}: {self.variant}"

    @property
    def unit(self) -> Learner | CourseRun:
        found = self.learner or self.run
        assert found is not None  # noqa: S101 - a constraint says so
        return found
