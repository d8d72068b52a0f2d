"""What an experiment compares, and by which KPIs."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from curriculum.models import Module
from experiments.models.experiments import Experiment


class Metric(models.Model):
    """A KPI by which the variants are compared."""

    class Role(models.TextChoices):
        PRIMARY = "primary", _("Primary: decides")
        SECONDARY = "secondary", _("Secondary: explains")
        GUARDRAIL = "guardrail", _("Guardrail: must not get worse")

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="metrics")
    kpi = models.CharField(_("KPI"), max_length=100)
    role = models.CharField(max_length=9, choices=Role.choices, default=Role.SECONDARY)
    margin = models.FloatField(
        null=True,
        blank=True,
        help_text=_("By how much a guardrail may be worse without harm, in the KPI's unit."),
    )
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("experiment", "position", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("experiment", "kpi"),
                name="kpi_once_per_experiment",
                violation_error_message=_("Choose each KPI once."),
            ),
            models.UniqueConstraint(
                fields=("experiment",),
                condition=Q(role="primary"),
                name="one_primary_kpi_per_experiment",
                violation_error_message=_("Choose one primary KPI."),
            ),
            models.CheckConstraint(
                condition=Q(role="guardrail", margin__isnull=False, margin__gt=0)
                | (~Q(role="guardrail") & Q(margin=None)),
                name="guardrails_have_a_margin",
                violation_error_message=_(
                    "A guardrail needs a margin greater than 0; other KPIs have none."
                ),
            ),
        )

    def __str__(self) -> str:
        return self.kpi


class Variant(models.Model):
    """One of the alternatives that are compared; one of them is the control."""

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="variants")
    key = models.CharField(
        max_length=50,
        validators=[
            RegexValidator(
                r"^[a-z0-9][a-z0-9-]*$", _("Enter a key of lower-case letters, digits and hyphens.")
            )
        ],
    )
    name = models.CharField(max_length=200, blank=True)
    weight = models.DecimalField(
        max_digits=5, decimal_places=4, help_text=_("Share of the units, such as 0.5 for half.")
    )
    is_control = models.BooleanField("control", default=False)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("experiment", "position")
        constraints = (
            models.UniqueConstraint(
                fields=("experiment", "key"),
                name="variant_key_unique_in_its_experiment",
                violation_error_message=_("The experiment already has a variant with this key."),
            ),
            models.UniqueConstraint(
                fields=("experiment", "position"),
                name="one_variant_per_position",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.UniqueConstraint(
                fields=("experiment",),
                condition=Q(is_control=True),
                name="one_control_per_experiment",
                violation_error_message=_("Mark one variant as the control."),
            ),
            models.CheckConstraint(
                condition=Q(weight__gt=0, weight__lte=1),
                name="weight_is_a_share",
                violation_error_message=_("A weight must be greater than 0 and at most 1."),
            ),
        )

    def __str__(self) -> str:
        return self.name or self.key


class VariantValue(models.Model):
    """The value that a variant gives a parameter, in the audience's courses or for one module.

    The control has none: its learners get the ordinary values.
    """

    variant = models.ForeignKey(Variant, models.CASCADE, related_name="values")
    parameter_key = models.CharField(_("parameter"), max_length=100)
    module = models.ForeignKey(
        Module,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Empty: wherever the parameter applies in the audience's courses."),
    )
    value = models.DecimalField(max_digits=12, decimal_places=4)

    class Meta:
        ordering = ("variant", "parameter_key", "module")
        constraints = (
            models.UniqueConstraint(
                "variant",
                "parameter_key",
                Coalesce("module", 0),
                name="one_value_per_variant_parameter_and_module",
                violation_error_message=_("The variant already has a value of this parameter."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.parameter_key} = {self.value.normalize():f}"
