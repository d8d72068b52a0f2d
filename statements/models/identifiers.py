from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class LearnerIdentifier(models.Model):
    """A way in which statements name a learner: an address, its digest, an OpenID or an account."""

    value = models.CharField(_("identifier"), max_length=600, unique=True)
    learner_key = models.CharField(_("learner"), max_length=200, db_index=True)
    first_at = models.DateTimeField(_("first received at"))

    class Meta:
        ordering = ("value",)
        verbose_name = _("identifier of a learner")
        verbose_name_plural = _("identifiers of learners")

    def __str__(self) -> str:
        return self.value
