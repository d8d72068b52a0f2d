"""Documents that clients keep about activities and agents."""

from __future__ import annotations

import hashlib

from django.db import models
from django.utils.translation import gettext_lazy as _

from xapi.models.identities import Activity, Agent


class Document(models.Model):
    key = models.TextField(_("id"))
    # who wrote it last
    sender = models.CharField(_("sender"), max_length=100)
    content = models.BinaryField(_("content"))
    content_type = models.CharField(_("media type"), max_length=255)
    updated_at = models.DateTimeField(_("updated at"))

    class Meta:
        abstract = True
        ordering = ("key",)

    def __str__(self) -> str:
        return self.key

    @property
    def etag(self) -> str:
        return etag_of(bytes(self.content))


def etag_of(content: bytes) -> str:
    # version 1.0.3 asks for this algorithm
    return f'"{hashlib.sha1(content, usedforsecurity=False).hexdigest()}"'


class State(Document):
    """What an activity keeps about an agent, such as where they stopped."""

    activity = models.ForeignKey(Activity, models.CASCADE, related_name="states")
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="states")
    # a UUID; empty without one, because a unique constraint takes no two nulls for equal
    registration = models.CharField(_("registration"), max_length=36, blank=True)

    class Meta(Document.Meta):
        constraints = (
            models.UniqueConstraint(
                "agent", "activity", "registration", "key", name="one_state_per_id"
            ),
        )
        verbose_name = _("state")
        verbose_name_plural = _("states")


class ActivityProfile(Document):
    activity = models.ForeignKey(Activity, models.CASCADE, related_name="profiles")

    class Meta(Document.Meta):
        constraints = (
            models.UniqueConstraint("activity", "key", name="one_activity_profile_per_id"),
        )
        verbose_name = _("activity profile")
        verbose_name_plural = _("activity profiles")


class AgentProfile(Document):
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="profiles")

    class Meta(Document.Meta):
        constraints = (models.UniqueConstraint("agent", "key", name="one_agent_profile_per_id"),)
        verbose_name = _("agent profile")
        verbose_name_plural = _("agent profiles")
