from __future__ import annotations

from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from curriculum.models import Course, CourseRun, Enrollment


class Survey(models.Model):
    """What learners are asked, in the provider's words."""

    key = models.CharField(max_length=100, unique=True, help_text="The id that senders use.")
    title = models.CharField(max_length=200)
    course = models.ForeignKey(
        Course, models.CASCADE, null=True, blank=True, help_text="Empty: learners of any course."
    )
    introduction = models.TextField(
        blank=True,
        default="It takes a minute, and it helps us to teach better.",
        help_text="Stands above the questions and in the e-mail.",
    )
    asks_nps = models.BooleanField("asks for a recommendation (NPS)", default=True)
    nps_question = models.CharField(
        max_length=300,
        default="How likely are you to recommend this course to a friend or colleague?",
    )
    asks_csat = models.BooleanField("asks for satisfaction (CSAT)", default=True)
    csat_question = models.CharField(
        max_length=300, default="How satisfied are you with this course?"
    )
    asks_career = models.BooleanField("asks for career impact", default=False)
    career_question = models.CharField(
        max_length=300, default="What has happened since you finished this course?"
    )
    asks_comment = models.BooleanField("asks for a comment", default=True)
    comment_question = models.CharField(
        max_length=300, default="What should we keep, and what should we change?"
    )
    follows_completion = models.BooleanField(
        "follows completion",
        default=False,
        help_text="Goes out on its own, 30, 90 and 180 days after a learner completed a course.",
    )
    is_active = models.BooleanField(
        "active", default=True, help_text="Otherwise nothing is sent for it."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("title", "key")

    def __str__(self) -> str:
        return self.title


class WaveQuerySet(models.QuerySet["Wave"]):
    def open(self, now: datetime) -> WaveQuerySet:
        """Those that we send now."""
        return self.filter(opens_at__lte=now, closes_at__gt=now, survey__is_active=True)


class Wave(models.Model):
    """One round of a survey: to whom it goes and how long it can be answered."""

    survey = models.ForeignKey(Survey, models.CASCADE, related_name="waves")
    key = models.CharField(max_length=100, help_text="Unique within the survey.")
    course = models.ForeignKey(
        Course, models.CASCADE, null=True, blank=True, help_text="Empty: the survey's."
    )
    run = models.ForeignKey(
        CourseRun, models.CASCADE, null=True, blank=True, help_text="Empty: every run."
    )
    opens_at = models.DateTimeField(
        null=True, blank=True, help_text="Empty: an outside system sends it, not we."
    )
    closes_at = models.DateTimeField(null=True, blank=True)
    reminder_days = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        default=7,
        help_text="Days until the one reminder of who has not answered. Empty: none.",
    )
    # of waves that follow completion: who completed in this stretch is asked so long after it
    days_after_completion = models.PositiveSmallIntegerField(null=True, editable=False)
    completed_from = models.DateTimeField(null=True, editable=False)
    completed_before = models.DateTimeField(null=True, editable=False)

    objects = WaveQuerySet.as_manager()

    class Meta:
        ordering = ("-opens_at", "survey", "key")
        constraints = (
            models.UniqueConstraint("survey", "key", name="wave_key_unique_in_its_survey"),
            models.CheckConstraint(
                # said in full, for a comparison with nothing is nothing, which a check lets pass
                condition=Q(opens_at=None, closes_at=None)
                | Q(opens_at__isnull=False, closes_at__isnull=False, closes_at__gt=F("opens_at")),
                name="a_wave_that_opens_closes_later",
            ),
            models.CheckConstraint(
                condition=Q(reminder_days=None) | Q(reminder_days__gt=0),
                name="a_reminder_waits_a_day",
            ),
        )

    def __str__(self) -> str:
        return f"{self.survey}: {self.key}"

    def clean(self) -> None:
        if self.run is not None and self.course_id not in (None, self.run.course_id):
            raise ValidationError({"run": "It is no run of this course."})
        if self.opens_at and not (self.closes_at and self.closes_at > self.opens_at):
            raise ValidationError({"closes_at": "A wave that opens closes some time later."})

    def state(self, now: datetime) -> str:
        """What staff read of it."""
        if self.opens_at is None:
            return "sent by others"
        if self.is_open(now):
            return "open"
        return "to come" if now < self.opens_at else "closed"

    @property
    def last_day(self) -> date | None:
        """The last day on which answers are taken; None where others take them."""
        moment = self.closes_at and self.closes_at - timedelta(microseconds=1)
        return timezone.localdate(moment) if moment else None

    def is_open(self, now: datetime) -> bool:
        """True while answers on our page are taken."""
        if self.opens_at is None or self.closes_at is None:
            return False
        return self.opens_at <= now < self.closes_at


# longer than a task may last: who claimed an invitation and has not sent it by then was killed
CLAIM_LASTS = timedelta(hours=2)
MOST_ATTEMPTS = 5


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def unsent(self, now: datetime) -> InvitationQuerySet:
        """Those that may be claimed for sending."""
        is_free = Q(claimed_at=None) | Q(claimed_at__lt=now - CLAIM_LASTS)
        return self.filter(is_free, sent_at=None, dismissed_at=None, attempts__lt=MOST_ATTEMPTS)

    def unanswered(self) -> InvitationQuerySet:
        answers = Response.objects.filter(
            wave=models.OuterRef("wave"), enrollment=models.OuterRef("enrollment")
        )
        return self.filter(~models.Exists(answers))


class Invitation(models.Model):
    """Somebody is asked in a wave; what came of it. An answer is a row of its own."""

    # the unique constraint begins with it: a second index would only cost every insert
    wave = models.ForeignKey(Wave, models.CASCADE, db_index=False, related_name="invitations")
    enrollment = models.ForeignKey(Enrollment, models.CASCADE, related_name="invitations")
    sent_at = models.DateTimeField(
        null=True,
        blank=True,
        db_index=True,
        help_text="When it was sent, or the first sign that it had been. Empty: not yet.",
    )
    reminded_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    dismissed_at = models.DateTimeField(null=True, blank=True)
    claimed_at = models.DateTimeField(
        null=True, blank=True, help_text="When we set about sending it."
    )
    attempts = models.PositiveSmallIntegerField(
        "refusals", default=0, help_text="How often the mail server refused it."
    )

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ("-sent_at", "-pk")
        constraints = (
            models.UniqueConstraint(fields=("wave", "enrollment"), name="invited_once_in_a_wave"),
        )

    def __str__(self) -> str:
        return f"{self.enrollment} in {self.wave}"


class Response(models.Model):
    """The answer of an enrolment in a wave: the latest one given stands."""

    # the unique constraint begins with it: a second index would only cost every insert
    enrollment = models.ForeignKey(
        Enrollment, models.CASCADE, db_index=False, related_name="responses"
    )
    wave = models.ForeignKey(Wave, models.CASCADE, related_name="responses")
    answered_at = models.DateTimeField(db_index=True)
    nps = models.PositiveSmallIntegerField("recommendation", null=True, blank=True)
    csat = models.PositiveSmallIntegerField("satisfaction", null=True, blank=True)
    comment = models.TextField(blank=True)
    may_quote = models.BooleanField(
        "may be quoted", default=False, help_text="The learner agreed that we quote the comment."
    )
    language = models.CharField(max_length=35, blank=True, help_text="As the sender told it.")

    class Meta:
        ordering = ("-answered_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("enrollment", "wave"), name="one_answer_per_enrolment_and_wave"
            ),
            models.CheckConstraint(
                condition=Q(nps=None) | Q(nps__gte=0, nps__lte=10), name="nps_is_0_to_10"
            ),
            models.CheckConstraint(
                condition=Q(csat=None) | Q(csat__gte=1, csat__lte=5), name="csat_is_1_to_5"
            ),
        )

    def __str__(self) -> str:
        return f"{self.enrollment} in {self.wave}"
