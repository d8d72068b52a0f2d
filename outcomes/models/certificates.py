from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from core import readable_codes
from core.changes import reported
from curriculum.models import Enrollment


class CertificateChange(models.Model):
    """A report that a certificate was earned, revoked or expired; certificates follow from all."""

    class Change(models.TextChoices):
        EARNED = "earned", pgettext_lazy("a certificate", "earned")
        REVOKED = "revoked", pgettext_lazy("a certificate", "revoked")
        EXPIRED = "expired", pgettext_lazy("a certificate", "expired")

    # the unique constraint starts with it, so a second index would only slow down inserts
    enrollment = models.ForeignKey(
        Enrollment, models.CASCADE, db_index=False, related_name="certificate_changes"
    )
    change = models.CharField(max_length=10, choices=Change.choices)
    at = models.DateTimeField()
    sender = models.CharField(max_length=100)
    key = models.CharField("id", max_length=200, help_text=_("The sender's own id of the event."))
    number = models.CharField(max_length=100, blank=True)
    expires_on = models.DateField(null=True, blank=True)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("enrollment", "at", "key", "sender")
        constraints = (
            models.UniqueConstraint(
                fields=("enrollment", "sender", "key", "change"),
                name="one_change_per_event_about_a_certificate",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_change_display()}, {self.at:%Y-%m-%d}"


@reported("earned_at", "expires_on", "revoked_at", "expired_at")
class Certificate(models.Model):
    """A certificate that an enrollment earned, until it is revoked or expires.

    Earning it again after that creates a second row, so that past periods keep their values.
    """

    enrollment = models.ForeignKey(
        Enrollment, models.CASCADE, db_index=False, related_name="certificates"
    )
    earned_at = models.DateTimeField(db_index=True)
    number = models.CharField(max_length=100, blank=True)
    expires_on = models.DateField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(
        max_length=500, blank=True, help_text=_("The reason for revoking it.")
    )
    expired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-earned_at",)
        indexes = tuple(
            models.Index(
                fields=(name,), condition=Q(**{f"{name}__isnull": False}), name=f"certificates_{at}"
            )
            for name, at in (
                ("revoked_at", "revoked"),
                ("expired_at", "expired"),
                ("expires_on", "expiring"),
            )
        )
        constraints = (
            models.UniqueConstraint("enrollment", "earned_at", name="certificate_earned_once"),
            models.UniqueConstraint(
                "enrollment",
                condition=Q(revoked_at=None, expired_at=None),
                name="one_valid_certificate_per_enrollment",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at=None) | Q(revoked_at__gte=F("earned_at")),
                name="certificate_revoked_after_it_was_earned",
            ),
            models.CheckConstraint(
                condition=Q(expired_at=None) | Q(expired_at__gte=F("earned_at")),
                name="certificate_expired_after_it_was_earned",
            ),
        )

    def __str__(self) -> str:
        return self.number or gettext("Certificate of %(enrollment)s") % {
            "enrollment": self.enrollment
        }

    @property
    def is_valid(self) -> bool:
        return self.revoked_at is None and self.expired_at is None


def new_code() -> str:
    """77 random bits: a thousand tries a second would find none of a million codes in an age."""
    return readable_codes.random_code(16)


class CertificateCode(models.Model):
    """The public code of the certificate of an enrollment, by which anybody can verify it.

    It is no part of the certificate, whose rows are written again when events arrive: printed
    codes must outlive that.
    """

    enrollment = models.OneToOneField(
        Enrollment, models.CASCADE, related_name="certificate_code", editable=False
    )
    code = models.CharField(max_length=40, unique=True, default=new_code, editable=False)
    name = models.CharField(
        "issued to",
        max_length=200,
        blank=True,
        help_text=_(
            "Empty: to the learner, by the name in your records. Filled when learners correct "
            "their names themselves, which must not change a certificate."
        ),
    )

    class Meta:
        ordering = ("enrollment",)

    def __str__(self) -> str:
        return readable_codes.grouped(self.code)
