from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from curriculum.models.courses import Course


class ApiKey(models.Model):
    """Credentials of an external system. Only a digest of the secret is stored."""

    class Scope(models.TextChoices):
        EVENTS_WRITE = "events:write", _("Send events")
        CURRICULUM_WRITE = "curriculum:write", _("Define courses")
        CURRICULUM_READ = "curriculum:read", _("Read the values of parameters")
        KPIS_READ = "kpis:read", _("Read KPIs")
        SMALL_GROUPS = "kpis:small-groups", _("Read figures of small groups")
        ALERTS_WRITE = "alerts:write", _("Act on alerts")
        ADJUSTMENTS_WRITE = "adjustments:write", _("Decide about adjustments")
        EXPERIMENTS_READ = "experiments:read", _("Read experiments and assignments")
        EXPERIMENTS_WRITE = "experiments:write", _("Start, stop and decide experiments")
        LEARNERS_READ = "learners:read", _("Read which learners need help")
        XAPI_WRITE = "xapi:write", _("Send xAPI statements and documents")
        XAPI_READ = "xapi:read", _("Read its own xAPI statements and documents")
        XAPI_ALL = "xapi:all", _("Read and change the xAPI data of all senders")
        FACTS_READ = "facts:read", _("Export tables")

    name = models.CharField(
        max_length=100,
        unique=True,
        help_text=_("Identifies the sender. Event ids are unique per sender."),
    )
    prefix = models.CharField(max_length=12, unique=True, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(default=list, help_text=_('For example ["events:write"].'))
    # A flag of its own: an empty list of courses must not mean "all", or deleting the last
    # course of a limited key would open every other course to it.
    is_limited = models.BooleanField(
        "limited to the courses chosen",
        default=False,
        help_text=_("If unchecked, the key covers every course."),
    )
    courses = models.ManyToManyField(Course, blank=True, related_name="api_keys")
    creates_unknown = models.BooleanField(
        "create unknown records",
        default=False,
        help_text=_("Events create learners, courses, runs and modules that do not exist yet."),
    )
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    expires_at = models.DateTimeField(
        null=True, blank=True, help_text=_("Leave empty for a key that never expires.")
    )
    revoked_at = models.DateTimeField(null=True, blank=True)
    requests_per_minute = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text=_("Leave empty for the limit of the settings; 0: no limit."),
    )
    batches_per_minute = models.PositiveIntegerField(
        "batches of events per minute",
        null=True,
        blank=True,
        help_text=_("Leave empty for the limit of the settings; 0: no limit."),
    )

    # the secret before a rotation, if a request was authenticated with one
    former_secret: FormerSecret | None = None

    # Django REST framework reads these attributes of an authenticated principal.
    is_authenticated: ClassVar[bool] = True
    is_anonymous: ClassVar[bool] = False

    class Meta:
        ordering = ("name",)
        verbose_name = "API key"

    def __str__(self) -> str:
        return self.name

    @property
    def works_until(self) -> datetime | None:
        """When the secret that was used stops working by itself; None: never."""
        ends = [self.expires_at, self.former_secret and self.former_secret.works_until]
        return min((end for end in ends if end), default=None)

    @property
    def credential(self) -> tuple[int, int | None]:
        """The ids of the key, and of the former secret if that was used."""
        return self.pk, self.former_secret.pk if self.former_secret else None

    @property
    def has_expired(self) -> bool:
        return self.works_until is not None and self.works_until <= timezone.now()

    @property
    def is_valid(self) -> bool:
        return self.revoked_at is None and not self.has_expired

    def may(self, scope: str) -> bool:
        return self.is_valid and scope in self.scopes


class FormerSecret(models.Model):
    """A secret that was replaced by a rotation; it works until a chosen moment.

    It is kept afterwards, so that its user gets the reason and not just "unknown".
    """

    key = models.ForeignKey(ApiKey, models.CASCADE, related_name="former_secrets")
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    replaced_at = models.DateTimeField()
    works_until = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-replaced_at",)
        verbose_name = "former secret"

    def __str__(self) -> str:
        return f"{self.prefix}…"
