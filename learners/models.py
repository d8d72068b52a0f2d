from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from curriculum.models import Learner


class ErasureRequest(models.Model):
    """A learner's wish to be erased, which can be withdrawn until its day."""

    learner = models.OneToOneField(Learner, models.CASCADE, related_name="erasure_request")
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text=_("Carried out in the night after it."))
    # from then on it cannot be withdrawn; a process that is killed goes on the next night
    started_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("due_at", "pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(due_at__gte=F("asked_at")), name="erasure_due_after_it_was_asked_for"
            ),
        )

    def __str__(self) -> str:
        return str(self.learner)
