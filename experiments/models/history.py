"""What happened to an experiment, and where it left its plan."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models.written_once import WrittenOnce
from curriculum.models import ParameterChange
from experiments.models.experiments import Experiment


class Entry(WrittenOnce):
    """A row of an experiment's history."""

    class Meta:
        abstract = True

    @property
    def author(self) -> str:
        """Return who did it, for people: an account, an API key or the product."""
        if key := self.after.get("api_key"):
            return gettext("API key %(name)s") % {"name": key}
        return str(self.by) if self.by else gettext("the product")


class ExperimentEvent(Entry):
    """One entry of an experiment's history: who did what, and what changed by it."""

    class Kind(models.TextChoices):
        CREATED = "created", _("Drafted")
        EDITED = "edited", _("Draft changed")
        STARTED = "started", _("Started")
        DEVIATED = "deviated", _("Changed while running")
        FORCED = "forced", _("Variant forced")
        RELEASED = "released", _("Forced variant removed")
        ANALYZED = "analyzed", _("Verdict changed")
        STOPPED = "stopped", _("Stopped")
        DECIDED = "decided", _("Decided")

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=8, choices=Kind.choices)

    class Meta:
        ordering = ("at", "pk")

    def __str__(self) -> str:
        return f"{self.experiment_id} {self.kind} {self.at:%Y-%m-%d %H:%M}"


class Deviation(Entry):
    """A change of the locked plan while the experiment runs; shown with every result."""

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="deviations")
    field = models.CharField(max_length=50)

    class Meta:
        ordering = ("at", "pk")

    def __str__(self) -> str:
        return f"{self.experiment_id} {self.field} {self.at:%Y-%m-%d %H:%M}"


class ShippedChange(models.Model):
    """A change of a parameter by which an experiment was shipped."""

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="shipped_changes")
    change = models.OneToOneField(
        ParameterChange, models.CASCADE, related_name="shipped_by_experiment"
    )

    class Meta:
        ordering = ("experiment", "pk")

    def __str__(self) -> str:
        return f"{self.experiment_id}: {self.change_id}"
