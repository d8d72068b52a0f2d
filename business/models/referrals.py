"""Referral codes, invitations and referrals."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.changes import reported
from core.readable_codes import grouped
from curriculum.models import Course, Enrollment, Learner
from intake.models import EventFact


class ReferralCode(models.Model):
    """A learner's own referral code, created when it is first needed."""

    learner = models.OneToOneField(Learner, models.CASCADE, related_name="referral_code")
    code = models.CharField(max_length=40, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("learner",)

    def __str__(self) -> str:
        return grouped(self.code)


class RememberedCode(models.Model):
    """The code of a referral link that a learner followed, kept for the next enrollment."""

    learner = models.ForeignKey(Learner, models.CASCADE, related_name="remembered_codes")
    code = models.CharField(max_length=40)
    remembered_at = models.DateTimeField()

    class Meta:
        ordering = ("learner", "remembered_at")
        constraints = (
            models.UniqueConstraint(
                "learner", "code", "remembered_at", name="one_remembered_code_per_moment"
            ),
        )

    def __str__(self) -> str:
        return f"{self.learner} ({self.code})"


@reported("sent_at")
class Invitation(EventFact):
    """An invitation sent by a learner; the invitee is stored as a digest only."""

    sender = models.CharField(max_length=100)
    key = models.CharField(max_length=200, help_text=_("The id of the event."))
    learner = models.ForeignKey(Learner, models.CASCADE, related_name="invitations")
    course = models.ForeignKey(Course, models.CASCADE, null=True, blank=True, related_name="+")
    sent_at = models.DateTimeField(db_index=True)
    code = models.CharField(max_length=40, blank=True, db_index=True)
    channel = models.CharField(max_length=50, blank=True)
    invitee = models.CharField(
        max_length=64, blank=True, help_text=_("Keyed digest of the address.")
    )

    class Meta:
        verbose_name = "referral invitation"
        ordering = ("-sent_at",)
        constraints = (models.UniqueConstraint("sender", "key", name="one_invitation_per_event"),)

    def __str__(self) -> str:
        return f"{self.learner}, {self.sent_at:%Y-%m-%d}"


@reported("accepted_at")
class Referral(EventFact):
    """A reported referral of a learner to a course; the first valid one of an enrollment counts."""

    class Rejected(models.TextChoices):
        UNKNOWN = "unknown", _("Unknown code")
        SELF = "self", _("The learner's own code")
        NOT_ENROLLED = "not_enrolled", _("The learner is not enrolled")
        LATER = "later", _("Another referral was first")

    learner = models.ForeignKey(Learner, models.CASCADE, related_name="referrals")
    course = models.ForeignKey(Course, models.CASCADE, related_name="+")
    run_key = models.CharField("run", max_length=100, blank=True)
    code = models.CharField(max_length=40, db_index=True)
    accepted_at = models.DateTimeField()
    referrer = models.ForeignKey(
        Learner, models.SET_NULL, null=True, blank=True, related_name="referred"
    )
    enrollment = models.OneToOneField(
        Enrollment, models.SET_NULL, null=True, blank=True, related_name="referral"
    )
    rejected = models.CharField(
        "reason for rejection", max_length=15, choices=Rejected.choices, blank=True
    )

    class Meta:
        ordering = ("-accepted_at",)
        constraints = (
            models.UniqueConstraint(
                "learner", "course", "run_key", "code", name="one_referral_per_run_and_code"
            ),
        )

    def __str__(self) -> str:
        return f"{self.learner} ({self.code})"
