from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from core.external_keys import normalize_key


class IsUncounted(models.Func):
    """True of a kind that counts in no figure.

    Written out, and not with a parameter: SQLite sees only so that its index holds them all.
    """

    template = "(NOT %(expressions)s = 'learner')"
    output_field = models.BooleanField()
    arity = 1


class LearnerQuerySet(models.QuerySet["Learner"]):
    def uncounted(self) -> LearnerQuerySet:
        """Staff and test accounts, who are few."""
        return self.filter(IsUncounted("kind"))


class Learner(models.Model):
    """Somebody who is taught, under the key that senders know them by."""

    class Kind(models.TextChoices):
        LEARNER = "learner", "Learner"
        STAFF = "staff", "Staff"
        TEST = "test", "Test account"

    key = models.CharField(max_length=200, unique=True, help_text="The id that senders use.")
    name = models.CharField(max_length=200, blank=True)
    email = models.EmailField(blank=True)
    kind = models.CharField(
        max_length=10,
        choices=Kind.choices,
        default=Kind.LEARNER,
        help_text="Staff and test accounts count in no figure.",
    )
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True)

    objects = LearnerQuerySet.as_manager()

    class Meta:
        ordering = ("key",)
        # only of those: an index of all would be taken for a way to find who is taught
        indexes = (
            models.Index(
                fields=("key",),
                condition=models.Q(IsUncounted("kind")),
                name="learner_who_counts_nowhere",
            ),
        )

    def __str__(self) -> str:
        return self.name or self.key

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save under the one spelling by which events find the learner."""
        self.clean()
        super().save(*args, **kwargs)

    def clean(self) -> None:
        self.key = normalize_key(self.key)
