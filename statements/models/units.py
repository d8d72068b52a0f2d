"""What sessions of cmi5 units report, by which their moveOn is evaluated."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Unit(models.Model):
    """An assignable unit of one learner in one registration."""

    # of the three texts, which are too long for a unique constraint
    digest = models.CharField(max_length=64, unique=True, editable=False)
    learner_key = models.CharField(_("learner"), max_length=200, db_index=True)
    # as the xAPI store writes it, to find the learner's launch data
    agent = models.TextField(_("agent"))
    registration = models.CharField(_("registration"), max_length=36, blank=True)
    activity = models.TextField(_("unit"))

    class Meta:
        ordering = ("pk",)
        verbose_name = _("cmi5 unit of a learner")
        verbose_name_plural = _("cmi5 units of learners")

    def __str__(self) -> str:
        return self.activity


class UnitReport(models.Model):
    """A statement that counts for the moveOn of a unit."""

    class Criterion(models.TextChoices):
        LAUNCHED = "launched", _("Launched")
        COMPLETED = "completed", _("Completed")
        PASSED = "passed", _("Passed")
        ABANDONED = "abandoned", _("Abandoned")

    unit = models.ForeignKey(Unit, models.CASCADE, related_name="reports")
    origin = models.CharField(max_length=20)
    statement_id = models.CharField(max_length=200)
    sender = models.CharField(_("sender"), max_length=100)
    counts_as = models.CharField(max_length=10, choices=Criterion.choices)
    at = models.DateTimeField(_("at"))
    session = models.CharField(max_length=200, blank=True)
    scaled = models.FloatField(null=True)
    # as the statement repeats them from the launch
    move_on = models.CharField(max_length=30, blank=True)
    mastery_score = models.FloatField(null=True)
    # the event that follows if the unit is satisfied by this statement, without its learner
    event = models.JSONField(default=dict)

    class Meta:
        ordering = ("at", "statement_id")
        constraints = (
            models.UniqueConstraint("origin", "statement_id", name="statement_counts_once"),
        )
        verbose_name = _("report of a cmi5 unit")
        verbose_name_plural = _("reports of cmi5 units")

    def __str__(self) -> str:
        return f"{self.counts_as} {self.statement_id}"
