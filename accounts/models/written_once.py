"""Rows of a history: who did what and when, never changed afterwards."""

from __future__ import annotations

from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.users import User


class WrittenOnce(models.Model):
    """A row that is never changed, and only deleted together with what it is about."""

    at = models.DateTimeField()
    by = models.ForeignKey(
        User,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Empty: the product itself."),
    )
    reason = models.TextField(blank=True)
    before = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    after = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the row; ValueError if it exists, because history is not rewritten."""
        if not self._state.adding:
            raise ValueError(
                f"{self._meta.verbose_name} {self.pk} is history: it cannot be changed."
            )
        super().save(*args, **kwargs)
