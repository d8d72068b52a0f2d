from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts.models.api_keys import ApiKey
from accounts.models.users import User
from curriculum.models.courses import Course


class AccessRecord(models.Model):
    """That somebody saw, exported or erased data of people; never the data themselves."""

    class Action(models.TextChoices):
        VIEWED = "viewed", _("Viewed")
        EXPORTED = "exported", _("Exported")
        ERASED = "erased", _("Erased")

    at = models.DateTimeField(default=timezone.now, editable=False)
    account = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    api_key = models.ForeignKey(ApiKey, models.SET_NULL, null=True, blank=True, related_name="+")
    # stays when the account or the key is deleted
    who = models.CharField(max_length=254)
    action = models.CharField(max_length=10, choices=Action.choices)
    about = models.CharField(
        max_length=100, help_text=_("The kind of rows, such as curriculum.Learner.")
    )
    row = models.CharField(max_length=40, blank=True, help_text=_("The id, if it was one row."))
    count = models.PositiveIntegerField(default=1, help_text=_("The number of rows."))
    course = models.ForeignKey(
        Course, models.SET_NULL, null=True, blank=True, db_index=False, related_name="+"
    )

    class Meta:
        ordering = ("-pk",)
        permissions = (("export_learner", gettext_noop("Can export all data of learners")),)
        indexes = (models.Index(fields=("at",), name="access_by_moment"),)

    def __str__(self) -> str:
        return f"{self.who}: {self.action} {self.about}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the row; ValueError if it exists, because records are not rewritten."""
        if not self._state.adding:
            raise ValueError("A record of access cannot be changed.")
        super().save(*args, **kwargs)
