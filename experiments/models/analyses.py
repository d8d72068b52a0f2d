"""Analyses: each run is stored, so that the curve over time can be drawn."""

from __future__ import annotations

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from experiments.models.experiments import Experiment
from experiments.models.plan import Metric, Variant


class Analysis(models.Model):
    """One run of the analysis: how many units there were, and the verdict."""

    class Verdict(models.TextChoices):
        TOO_EARLY = "too-early", _("Too early to say")
        SHIP = "ship", _("Ship")
        STOP = "stop", _("Stop")
        INCONCLUSIVE = "inconclusive", _("Inconclusive")
        INVALID = "invalid", _("Invalid")

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="analyses")
    computed_at = models.DateTimeField()
    through = models.DateTimeField(help_text=_("Facts before this moment count."))
    night = models.DateField(
        null=True, blank=True, help_text=_("The day of the nightly analysis; empty: on demand.")
    )
    method = models.CharField(max_length=10, choices=Experiment.Method.choices)
    assigned = models.JSONField(default=dict, help_text=_("Assigned units by variant key."))
    exposed = models.JSONField(
        default=dict, help_text=_("Exposed units by variant key, which the results compare.")
    )
    learners = models.JSONField(
        default=dict, help_text=_("Learners behind the exposed units by variant key.")
    )
    expected = models.JSONField(
        default=dict, help_text=_("Expected shares of the exposed units by variant key.")
    )
    set_aside = models.PositiveIntegerField(
        default=0, help_text=_("Units that were seen in two variants.")
    )
    forced = models.PositiveIntegerField(
        default=0, help_text=_("Exposed units with a forced variant.")
    )
    uncounted = models.PositiveIntegerField(
        default=0, help_text=_("Exposed staff and test accounts.")
    )
    sample_ratio_p = models.FloatField(null=True, blank=True)
    verdict = models.CharField(max_length=12, choices=Verdict.choices)
    variant = models.ForeignKey(
        Variant,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("The variant to ship, if the verdict says so."),
    )
    why = models.JSONField(
        default=dict, encoder=DjangoJSONEncoder, help_text=_("What the verdict's sentence says.")
    )

    class Meta:
        ordering = ("-computed_at", "-pk")
        verbose_name_plural = "analyses"
        constraints = (
            models.UniqueConstraint(
                fields=("experiment", "night"), name="one_analysis_per_experiment_and_night"
            ),
        )
        indexes = (
            models.Index(fields=("experiment", "-computed_at"), name="analyses_by_experiment"),
        )

    def __str__(self) -> str:
        return f"{self.experiment_id}, {self.computed_at:%Y-%m-%d %H:%M}"

    @property
    def is_small(self) -> bool:
        """True if a variant has so few learners that figures could say something about one."""
        return any(0 < number < settings.KPI_MIN_GROUP for number in self.learners.values())


class AnalysisResult(models.Model):
    """One KPI in one variant: the raw sums of its units and, except for the control, the effect.

    Effects are treatment − control in the KPI's unit; interval and p-value come from `method`.
    """

    class Outcome(models.TextChoices):
        BETTER = "better", _("Better")
        WORSE = "worse", _("Worse")
        UNCLEAR = "unclear", _("Cannot be said")
        PASSES = "passes", _("Not worse than the margin")
        FAILS = "fails", _("Worse than the margin")
        NO_DATA = "no-data", _("No data")
        TOO_EARLY = "too-early", _("Before its time")

    analysis = models.ForeignKey(Analysis, models.CASCADE, related_name="results")
    kpi = models.CharField(_("KPI"), max_length=100)
    role = models.CharField(max_length=9, choices=Metric.Role.choices)
    variant = models.ForeignKey(Variant, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=5, blank=True, help_text=_("Share, mean or ratio."))
    n = models.PositiveIntegerField(default=0)
    without_rows = models.PositiveIntegerField(
        default=0, help_text=_("Units without a single row; they count with 0.")
    )
    sums = models.JSONField(default=dict, help_text=_("Sums of the units and of their products."))
    value = models.FloatField(null=True)
    effect = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    relative_effect = models.FloatField(null=True)
    relative_low = models.FloatField(null=True)
    relative_high = models.FloatField(null=True)
    p = models.FloatField(null=True)
    adjusted_p = models.FloatField(null=True, help_text=_("After Holm's correction."))
    method = models.CharField(max_length=60, blank=True)
    standard_error = models.FloatField(null=True)
    degrees_of_freedom = models.FloatField(null=True)
    reduction = models.FloatField(
        null=True, help_text=_("Share of the variance removed by values before the exposure.")
    )
    margin = models.FloatField(null=True)
    outcome = models.CharField(max_length=9, choices=Outcome.choices, blank=True)

    class Meta:
        ordering = ("analysis", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("analysis", "kpi", "variant"), name="one_result_per_kpi_and_variant"
            ),
        )

    def __str__(self) -> str:
        return f"{self.analysis_id} {self.kpi} {self.variant_id}"
