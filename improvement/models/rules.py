"""Which parameter to change when an alert opens or recovers."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from alerts.models import AlertRule
from curriculum import parameters
from curriculum.models import Parameter
from improvement.experiments import EXPERIMENTS
from kpis.definitions.registry import REGISTRY

# from the widest to the narrowest
WIDER = {"module": "course", "run": "course", "course": "site"}


class AdjustmentRule(models.Model):
    """What to change by how many steps when the alert of an alert rule opens or recovers.

    The alert rule says which KPI is watched in which courses or modules, on which side of its
    target and for how many periods. The parameter changes where the alert is, or in the course
    around it if it has no values of their own for runs or modules.
    """

    class When(models.TextChoices):
        OPENS = "opens", _("The alert opens")
        RECOVERS = "recovers", _("The alert recovers")

    class Mode(models.TextChoices):
        PROPOSE = "propose", _("Propose: somebody decides")
        EXPERIMENT = "experiment", _("Experiment: draft one of the old against the new value")
        AUTOMATIC = "automatic", _("Automatic: apply at once, within the budget")

    name = models.CharField(max_length=200, unique=True)
    alert_rule = models.ForeignKey(AlertRule, models.CASCADE, related_name="adjustment_rules")
    when = models.CharField(max_length=8, choices=When.choices, default=When.OPENS)
    parameter_key = models.CharField(_("parameter"), max_length=100)
    steps = models.SmallIntegerField(
        help_text=_("By how many steps of the parameter: 2, or −2 for down.")
    )
    farthest = models.DecimalField(
        _("at most so far"),
        max_digits=12,
        decimal_places=4,
        null=True,
        blank=True,
        help_text=_(
            "The rule never proposes a value beyond this one. Leave empty for the bounds of the "
            "parameter."
        ),
    )
    cooldown_days = models.PositiveSmallIntegerField(
        _("cool-down"),
        default=60,
        validators=[MaxValueValidator(730)],
        help_text=_("Days before the rule may change the same parameter in the same place again."),
    )
    mode = models.CharField(max_length=10, choices=Mode.choices, default=Mode.PROPOSE)
    watch_days = models.PositiveSmallIntegerField(
        _("watching time"),
        default=60,
        validators=[MinValueValidator(7), MaxValueValidator(365)],
        help_text=_("Days after the change, which are compared with as many before it."),
    )
    guard_kpis = models.JSONField(
        _("guard KPIs"),
        default=list,
        blank=True,
        help_text=_("If one of these gets worse after a change, its revert is proposed at once."),
    )
    is_active = models.BooleanField("active", default=True)
    active_since = models.DateTimeField(
        editable=False, help_text=_("Alerts that recovered before are not answered.")
    )
    created_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)
        constraints = (
            models.CheckConstraint(
                condition=~Q(steps=0),
                name="adjustment_rule_changes_something",
                violation_error_message=_("Enter a number of steps other than 0."),
            ),
        )

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, and note when the rule was switched on."""
        if self._state.adding or (self.is_active and not self._was_active()):
            self.active_since = timezone.now()
        super().save(*args, **kwargs)

    def _was_active(self) -> bool:
        return AdjustmentRule.objects.filter(pk=self.pk, is_active=True).exists()

    @property
    def kpi(self) -> str:
        return self.alert_rule.kpi

    @property
    def scope(self) -> str:
        """Where it changes the parameter: site, course, run or module."""
        scopes = ("site", *parameters.definition_of(self.parameter_key).scopes)
        scope = self.alert_rule.scope
        while scope not in scopes:
            scope = WIDER[scope]
        return scope

    def clean(self) -> None:
        """Raise ValidationError, by field, for a rule that could never do what it says."""
        for check in (self._check_alert_rule, self._check_parameter, self._check_guards):
            check()
        if self.mode == self.Mode.EXPERIMENT and not EXPERIMENTS:
            text = gettext("There are no experiments yet. Choose another mode.")
            raise ValidationError({"mode": text})

    def _check_alert_rule(self) -> None:
        if not hasattr(self, "alert_rule"):
            return
        if self.alert_rule.metric != AlertRule.Metric.TARGET:
            text = gettext("Choose an alert rule that compares a value with its target.")
            raise ValidationError({"alert_rule": text})
        if self.is_active and not self.alert_rule.is_active:
            text = gettext("This alert rule is not active, so no alert of it would ever open.")
            raise ValidationError({"alert_rule": text})

    def _check_parameter(self) -> None:
        try:
            definition = parameters.definition_of(self.parameter_key)
        except parameters.UnknownParameterError:
            text = gettext("There is no parameter %(key)s.") % {"key": self.parameter_key}
            raise ValidationError({"parameter_key": text}) from None
        if definition.role != Parameter.Role.CURRICULUM:
            text = gettext(
                "%(name)s is a measurement setting. Choose a curriculum parameter: a rule must "
                "not move the measure."
            ) % {"name": gettext(definition.name)}
            raise ValidationError({"parameter_key": text})
        if definition.is_retired:
            text = gettext("%(name)s is no longer used.") % {"name": gettext(definition.name)}
            raise ValidationError({"parameter_key": text})
        if hasattr(self, "alert_rule") and self.scope == "site" and not definition.is_site_wide:
            text = gettext(
                "%(name)s has no value for the whole site. Choose an alert rule for each course "
                "or module."
            ) % {"name": gettext(definition.name)}
            raise ValidationError({"alert_rule": text})
        if self.farthest is not None:
            try:
                definition.value_type.check(self.farthest)
            except ValidationError as error:
                raise ValidationError({"farthest": error.messages}) from None

    def _check_guards(self) -> None:
        if unknown := [key for key in self.guard_kpis if key not in REGISTRY]:
            text = gettext("There is no KPI %(key)s.") % {"key": unknown[0]}
            raise ValidationError({"guard_kpis": text})
        if hasattr(self, "alert_rule") and self.kpi in self.guard_kpis:
            text = gettext("The KPI of the alert rule is measured anyway. Choose other KPIs.")
            raise ValidationError({"guard_kpis": text})


class AutomaticBudget(models.Model):
    """How many changes rules may make by themselves in a calendar month; 0 turns this off."""

    changes_per_month = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(100)],
        help_text=_("0: rules only propose, whatever their mode."),
    )

    class Meta:
        verbose_name_plural = "automatic budget"
        constraints = (
            models.CheckConstraint(condition=Q(pk=1), name="there_is_one_automatic_budget"),
        )

    def __str__(self) -> str:
        return gettext("Automatic changes per month: %(number)s") % {
            "number": self.changes_per_month
        }
