"""A number that changes whenever answers about assignments may change."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Revision(models.Model):
    """The one row that counts starts, stops and edits of experiments.

    Cached assignments belong to a number. Whoever changes an experiment locks the row first, so
    that two experiments cannot start at the same moment without seeing each other.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    number = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(pk=1), name="there_is_one_revision_of_experiments"),
        )

    def __str__(self) -> str:
        return str(self.number)
