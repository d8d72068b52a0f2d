from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from accounts.models.users import User
from curriculum.models.courses import Course


class CourseGrant(models.Model):
    """A manager may see this course."""

    user = models.ForeignKey(User, models.CASCADE, related_name="course_grants")
    course = models.ForeignKey(Course, models.CASCADE, related_name="grants")

    class Meta:
        ordering = ("user", "course")
        constraints = (models.UniqueConstraint("user", "course", name="course_granted_once"),)

    def __str__(self) -> str:
        return f"{self.user} may see {self.course}"


class ApiKey(models.Model):
    """What an outside system shows at the door. Only a digest of the secret is kept."""

    class Scope(models.TextChoices):
        EVENTS_WRITE = "events:write", "Send events"
        CURRICULUM_WRITE = "curriculum:write", "Define courses"
        KPIS_READ = "kpis:read", "Read KPIs"
        SMALL_GROUPS = "kpis:small-groups", "Read figures of small groups"
        ALERTS_WRITE = "alerts:write", "Act on alerts"

    name = models.CharField(
        max_length=100, unique=True, help_text="The sender: event ids are unique within it."
    )
    prefix = models.CharField(max_length=12, unique=True, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(default=list, help_text='Such as ["events:write"].')
    # not told by an empty list of courses: deleting the last one must not open all others
    is_limited = models.BooleanField(
        "limited to the courses chosen", default=False, help_text="Otherwise: every course."
    )
    courses = models.ManyToManyField(Course, blank=True, related_name="api_keys")
    creates_unknown = models.BooleanField(
        "create what is unknown",
        default=False,
        help_text="Learners, courses, runs and modules not seen before are made on the fly.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    expires_at = models.DateTimeField(
        "good until", null=True, blank=True, help_text="Then it is refused; empty: never."
    )
    revoked_at = models.DateTimeField(null=True, blank=True)

    # DRF asks these of whoever is authenticated
    is_authenticated: ClassVar[bool] = True
    is_anonymous: ClassVar[bool] = False

    class Meta:
        ordering = ("name",)
        verbose_name = "API key"

    def __str__(self) -> str:
        return self.name

    @property
    def has_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @property
    def is_valid(self) -> bool:
        return self.revoked_at is None and not self.has_expired

    def may(self, scope: str) -> bool:
        return self.is_valid and scope in self.scopes
