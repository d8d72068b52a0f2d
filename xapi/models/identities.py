"""Who and what statements are about: agents, activities and verbs, by their identifiers."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Identity(models.Model):
    key = models.TextField(_("identifier"), unique=True)

    class Meta:
        abstract = True
        ordering = ("key",)

    def __str__(self) -> str:
        return self.key


class Agent(Identity):
    """An agent or identified group, by its identifier as xapi/statements/agents.py writes it."""

    names = models.JSONField(_("names"), default=list)

    class Meta(Identity.Meta):
        verbose_name = _("agent")
        verbose_name_plural = _("agents")


class Activity(Identity):
    """An activity; `definition` is what senders have said of it, the latest of each property."""

    definition = models.JSONField(_("definition"), default=dict)

    class Meta(Identity.Meta):
        verbose_name = _("activity")
        verbose_name_plural = _("activities")


class Verb(Identity):
    display = models.JSONField(_("display"), default=dict)

    class Meta(Identity.Meta):
        verbose_name = _("verb")
        verbose_name_plural = _("verbs")
