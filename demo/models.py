"""The removal of the demonstration data, which may take longer than a request."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class RemovalQuerySet(models.QuerySet["Removal"]):
    def unfinished(self) -> RemovalQuerySet:
        return self.filter(ended_at=None)


class Removal(models.Model):
    """What was asked for, and how far it is. There is at most one row."""

    ONLY = 1

    class Step(models.TextChoices):
        """The steps in their order; each may be repeated."""

        LEARNERS = "learners", _("Deleting fictional learners")
        COURSES = "courses", _("Deleting demonstration courses")
        EVENTS = "events", _("Deleting demonstration events")
        FACTS = "facts", _("Rebuilding what your own events say")
        FIGURES = "figures", _("Recomputing the KPIs")

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY, editable=False)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    requested_at = models.DateTimeField()
    step = models.CharField(max_length=10, blank=True, choices=Step.choices)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = RemovalQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(id=1), name="one_removal_of_the_demonstration"),
        )

    def __str__(self) -> str:
        return self.step or "waiting"  # not translated: not shown

    @property
    def step_number(self) -> int:
        """The position of the current step, from 1; 0 before the first."""
        return [*self.Step.values].index(self.step) + 1 if self.step else 0

    @property
    def step_count(self) -> int:
        return len(self.Step)
