from __future__ import annotations

from django.db import models

from curriculum.models import Course, Enrollment, Learner


class ReferralCode(models.Model):
    """A learner's own code, made when it is asked for first."""

    learner = models.OneToOneField(Learner, models.CASCADE, related_name="referral_code")
    code = models.CharField(max_length=40, unique=True)
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("learner",)

    def __str__(self) -> str:
        return f"{self.code[:4]}-{self.code[4:]}"


class RememberedCode(models.Model):
    """A signed-in learner followed somebody's link; it waits for the enrolment."""

    learner = models.ForeignKey(Learner, models.CASCADE, related_name="remembered_codes")
    code = models.CharField(max_length=40)
    remembered_at = models.DateTimeField()

    class Meta:
        ordering = ("learner", "remembered_at")
        constraints = (
            models.UniqueConstraint(
                "learner", "code", "remembered_at", name="one_memory_per_moment"
            ),
        )

    def __str__(self) -> str:
        return f"{self.learner} by {self.code}"


class Invitation(models.Model):
    """A learner invited somebody, who is known by a digest alone."""

    sender = models.CharField(max_length=100)
    key = models.CharField(max_length=200, help_text="The event's id.")
    learner = models.ForeignKey(Learner, models.CASCADE, related_name="invitations")
    course = models.ForeignKey(Course, models.CASCADE, null=True, blank=True, related_name="+")
    sent_at = models.DateTimeField(db_index=True)
    code = models.CharField(max_length=40, blank=True, db_index=True)
    channel = models.CharField(max_length=50, blank=True)
    invitee = models.CharField(max_length=64, blank=True, help_text="Keyed digest.")

    class Meta:
        ordering = ("-sent_at",)
        constraints = (models.UniqueConstraint("sender", "key", name="invitation_taken_once"),)

    def __str__(self) -> str:
        return f"{self.learner} on {self.sent_at:%Y-%m-%d}"


class Referral(models.Model):
    """Somebody said that a learner came to a course by a code; the first that holds stands."""

    class Refused(models.TextChoices):
        UNKNOWN = "unknown", "Nobody has this code"
        SELF = "self", "The code is the learner's own"
        NOT_ENROLLED = "not_enrolled", "The learner is not enrolled"
        LATER = "later", "Another referral was first"

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
    refused = models.CharField("why not", max_length=15, choices=Refused.choices, blank=True)

    class Meta:
        ordering = ("-accepted_at",)
        constraints = (
            models.UniqueConstraint(
                "learner", "course", "run_key", "code", name="one_referral_per_run_and_code"
            ),
        )

    def __str__(self) -> str:
        return f"{self.learner} by {self.code}"
