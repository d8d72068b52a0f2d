from __future__ import annotations

from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from curriculum.models import Course, CourseRun, Learner


def origin_of(url: str) -> str:
    """Return scheme, host and port of an address; empty if it has none."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme and parts.netloc else ""


class Platform(models.Model):
    """An LMS that may open this site's pages in its courses."""

    class LearnerKey(models.TextChoices):
        SUBJECT = "sub", _("The LMS’s user id (sub)")
        EMAIL = "email", _("The e-mail address")
        SOURCED_ID = "sourcedid", _("The SIS id (lis.person_sourcedid)")

    name = models.CharField(max_length=100, unique=True)
    issuer = models.CharField(
        max_length=255, help_text=_("The LMS calls it issuer or platform id.")
    )
    client_id = models.CharField(max_length=255)
    deployment_ids = models.TextField(help_text=_("One per line."))
    authorization_url = models.URLField(
        help_text=_("The LMS calls it authentication request URL or OIDC endpoint.")
    )
    keys_url = models.URLField("key set URL", help_text=_("Where the LMS publishes its keys."))
    token_url = models.URLField(
        blank=True, help_text=_("The access token URL; without it, rosters cannot be read.")
    )
    page_origins = models.TextField(
        blank=True,
        help_text=_(
            "Addresses of the LMS’s pages that may show this site in a frame, one per line, such"
            " as https://lms.example.org. If empty, that of the authentication request URL."
        ),
    )
    learner_key = models.CharField(
        max_length=10,
        choices=LearnerKey.choices,
        default=LearnerKey.SUBJECT,
        help_text=_("Which id of the LMS events use as the learner’s key."),
    )
    verifies_email = models.BooleanField(
        "verifies e-mail addresses",
        default=False,
        help_text=_(
            "Check only if people cannot change their address in the LMS without proof: then"
            " whoever has the address of an account there is signed in to it here."
        ),
    )
    is_active = models.BooleanField("active", default=True)
    key_set = models.JSONField(default=dict, editable=False)
    key_set_read_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ("name",)
        verbose_name = "LMS"
        verbose_name_plural = "LMSs"
        constraints = (
            models.UniqueConstraint(
                "issuer",
                "client_id",
                name="one_platform_per_client",
                violation_error_message=_("This LMS has been connected with this client id."),
            ),
        )

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        wrong = [one for one in lines(self.page_origins) if origin_of(one) != one]
        if wrong:
            message = gettext("%(line)s is no address such as https://lms.example.org.")
            raise ValidationError({"page_origins": message % {"line": wrong[0]}})
        for one in lines(self.page_origins):
            URLValidator(["http", "https"])(one)

    @property
    def deployments(self) -> list[str]:
        return lines(self.deployment_ids)

    @property
    def origins(self) -> list[str]:
        """Return the origins of pages that may show this site in a frame."""
        return lines(self.page_origins) or [origin_of(self.authorization_url)]

    @property
    def hosts(self) -> set[str]:
        """Return the hosts at which this LMS offers services."""
        urls = (self.issuer, self.authorization_url, self.token_url, self.keys_url)
        return {host for one in (*urls, *self.origins) if (host := urlsplit(one).hostname)}


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


class Context(models.Model):
    """A course of an LMS, and the course or run here whose figures it shows."""

    platform = models.ForeignKey(Platform, models.CASCADE, related_name="contexts")
    deployment_id = models.CharField(max_length=255)
    key = models.CharField("id", max_length=255)
    title = models.CharField(max_length=255, blank=True)
    label = models.CharField(max_length=255, blank=True)
    course = models.ForeignKey(Course, models.SET_NULL, null=True, blank=True, related_name="+")
    run = models.ForeignKey(
        CourseRun,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("If empty, instructors see the whole course."),
    )
    enrolls = models.BooleanField(
        "roster enrolls learners",
        default=False,
        help_text=_("Whoever is new in the roster starts the course here on that day."),
    )
    memberships_url = models.URLField(max_length=1000, blank=True, editable=False)
    first_seen_at = models.DateTimeField(auto_now_add=True)
    roster_read_at = models.DateTimeField(null=True, editable=False)
    roster_error = models.CharField(max_length=500, blank=True, editable=False)

    class Meta:
        ordering = ("platform", "title", "pk")
        verbose_name = "LMS course"
        constraints = (
            models.UniqueConstraint(
                "platform", "deployment_id", "key", name="one_row_per_lms_course"
            ),
        )

    def __str__(self) -> str:
        return self.title or self.label or self.key

    def clean(self) -> None:
        if self.run and self.run.course_id != self.course_id:
            message = gettext("%(run)s is not a run of this course.") % {"run": self.run}
            raise ValidationError({"run": message})


class Member(models.Model):
    """A person of an LMS, with the account or learner that they are here."""

    platform = models.ForeignKey(Platform, models.CASCADE, related_name="members")
    subject = models.CharField(max_length=255, help_text=_("The LMS’s user id."))
    account = models.ForeignKey(User, models.CASCADE, null=True, related_name="lms_members")
    learner = models.ForeignKey(Learner, models.CASCADE, null=True, related_name="lms_members")

    class Meta:
        ordering = ("pk",)
        verbose_name = "person of an LMS"
        verbose_name_plural = "people of LMSs"
        constraints = (
            models.UniqueConstraint("platform", "subject", name="one_row_per_lms_person"),
        )

    def __str__(self) -> str:
        return str(self.account or self.learner or self.pk)


class Participation(models.Model):
    """A person's role in a course of an LMS, with the grant that followed from it."""

    context = models.ForeignKey(Context, models.CASCADE, related_name="participations")
    member = models.ForeignKey(Member, models.CASCADE, related_name="participations")
    is_instructor = models.BooleanField("instructor", default=False)
    is_learner = models.BooleanField("learner", default=False)
    # what the role gave, and takes away again when it ends
    granted_course = models.ForeignKey(
        Course, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    granted_run = models.ForeignKey(
        CourseRun, models.SET_NULL, null=True, editable=False, related_name="+"
    )

    class Meta:
        ordering = ("context", "pk")
        constraints = (
            models.UniqueConstraint("context", "member", name="one_role_per_lms_course"),
        )

    def __str__(self) -> str:
        return f"{self.member} · {self.context}"


class UsedNonce(models.Model):
    """A launch that has been accepted, so that its message cannot be sent again."""

    value = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.value


class ToolKey(models.Model):
    """The key by which LMSs recognize this site when it reads a roster."""

    key_id = models.CharField(max_length=64, unique=True)
    private_key = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return self.key_id
