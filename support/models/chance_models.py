from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core import localized
from support.prediction.formula import Formula


class ChanceModelQuerySet(models.QuerySet["ChanceModel"]):
    def latest_made(self) -> ChanceModel | None:
        return self.order_by("-made_at", "-pk").first()


class ChanceModel(models.Model):
    """A formula for the chance of not finishing, and how good it was on later learners."""

    made_at = models.DateTimeField(default=timezone.now)
    through = models.DateTimeField(help_text=_("Enrollments that fell due by then were read."))
    enrollments = models.PositiveIntegerField()
    unfinished = models.PositiveIntegerField()
    runs = models.PositiveIntegerField()
    tested_enrollments = models.PositiveIntegerField(
        help_text=_("The latest of them, on which the formula was tested before it read them too.")
    )
    is_used = models.BooleanField(help_text=_("It was better than the rules in the test."))
    formula = models.JSONField()
    quality = models.JSONField(help_text=_("In the test: as a whole, by week and by course."))

    objects = ChanceModelQuerySet.as_manager()

    class Meta:
        ordering = ("-made_at", "-pk")
        indexes = (models.Index(fields=("-made_at",), name="latest_chance_model"),)

    def __str__(self) -> str:
        return gettext("Model of %(day)s") % {"day": localized.day(self.made_at)}

    def save(self, *args: Any, **kwargs: Any) -> None:
        """TypeError for a model that is stored already: a model is never changed."""
        if not self._state.adding:
            raise TypeError("A model is never changed.")
        super().save(*args, **kwargs)

    @property
    def usable_formula(self) -> Formula | None:
        """The formula; None if the rules are better, or if it has the inputs of another version."""
        return Formula.of_json(self.formula) if self.is_used else None
