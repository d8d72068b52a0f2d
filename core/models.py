"""The rows of work that several processes share."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy


class WorkItem(models.Model):
    """One part of a large work, such as one course of a replay; the lock on the row is the claim.

    The rows stay until the same work begins anew, and show its progress until then.
    """

    work = models.CharField(max_length=100)
    step = models.PositiveSmallIntegerField(
        help_text=gettext_lazy("A step begins when those before it are done.")
    )
    subject = models.BigIntegerField(
        help_text=gettext_lazy("Such as the id of a course; 0: what belongs to none.")
    )
    options = models.JSONField(default=dict)
    done_at = models.DateTimeField(null=True, blank=True)
    result = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("work", "step", "subject"), name="one_item_of_work"),
        )
        indexes = (
            models.Index(fields=("work", "step"), condition=Q(done_at=None), name="work_left"),
        )

    def __str__(self) -> str:
        return f"{self.work} {self.step} {self.subject}"
