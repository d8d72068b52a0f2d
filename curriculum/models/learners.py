from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.database import bulk_upsert
from core.external_keys import normalize_key
from curriculum.signals import learners_created


class IsUncounted(models.Func):
    """Is true for a kind that counts in no figure.

    A literal, not a parameter: only then does SQLite see that the partial index covers the query.
    """

    template = "(NOT %(expressions)s = 'learner')"
    output_field = models.BooleanField()
    arity = 1


class LearnerQuerySet(models.QuerySet["Learner"]):
    def uncounted(self) -> LearnerQuerySet:
        """Keep staff and test accounts, which are few."""
        return self.filter(IsUncounted("kind"))

    def create_missing(self, keys: Iterable[str]) -> None:
        """Create the learners with these normalized keys, except those that exist by now."""
        keys = sorted(keys)
        rows = [(key, "", "", Learner.Kind.LEARNER.value) for key in keys]
        bulk_upsert.upsert(Learner, ("key", "name", "email", "kind"), rows, conflict="key")
        learners_created.send(Learner, keys=keys)


class Learner(models.Model):
    """A person who takes courses, identified by the key that senders use."""

    class Kind(models.TextChoices):
        LEARNER = "learner", _("Learner")
        STAFF = "staff", _("Staff")
        TEST = "test", _("Test account")

    key = models.CharField(max_length=200, unique=True, help_text=_("The id that senders use."))
    name = models.CharField(max_length=200, blank=True)
    email = models.EmailField(blank=True)
    kind = models.CharField(
        max_length=10,
        choices=Kind.choices,
        default=Kind.LEARNER,
        help_text=_("Staff and test accounts count in no figure."),
    )
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True)

    objects = LearnerQuerySet.as_manager()

    class Meta:
        ordering = ("key",)
        # partial: SQLite would use an index of every kind to find learners, which are most rows
        indexes = (
            models.Index(
                fields=("key",),
                condition=models.Q(IsUncounted("kind")),
                name="uncounted_learners",
            ),
        )

    def __str__(self) -> str:
        return self.name or self.key

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Normalize the key first, as events look up learners by the normalized key."""
        self.clean()
        is_new = self._state.adding
        super().save(*args, **kwargs)
        if is_new:
            learners_created.send(Learner, keys=[self.key])

    def clean(self) -> None:
        self.key = normalize_key(self.key)
