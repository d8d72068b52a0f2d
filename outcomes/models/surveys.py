from __future__ import annotations

from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop, pgettext
from django.utils.translation import gettext_lazy as _

from core.changes import reported
from curriculum.models import Course, CourseRun, Enrollment

# shown in the reader's language as long as staff do not reword them
SHIPPED_TEXTS = (
    gettext_noop("It takes a minute, and it helps us to teach better."),
    gettext_noop("How likely are you to recommend this course to a friend or colleague?"),
    gettext_noop("How satisfied are you with this course?"),
    gettext_noop("What has happened since you finished this course?"),
    gettext_noop("What should we keep, and what should we change?"),
    # the survey that the first migration makes
    gettext_noop("What came of your course"),
)


class Survey(models.Model):
    """The questions that learners are asked, in the provider's words."""

    key = models.CharField(
        max_length=100, unique=True, help_text=_("The ID that senders of events use.")
    )
    title = models.CharField(max_length=200)
    course = models.ForeignKey(
        Course, models.CASCADE, null=True, blank=True, help_text=_("Empty: learners of any course.")
    )
    introduction = models.TextField(
        blank=True,
        default=SHIPPED_TEXTS[0],
        help_text=_("Shown above the questions and in the e-mail."),
    )
    asks_nps = models.BooleanField("asks for a recommendation (NPS)", default=True)
    nps_question = models.CharField(_("NPS question"), max_length=300, default=SHIPPED_TEXTS[1])
    asks_csat = models.BooleanField("asks for satisfaction (CSAT)", default=True)
    csat_question = models.CharField(_("CSAT question"), max_length=300, default=SHIPPED_TEXTS[2])
    asks_career = models.BooleanField("asks for career impact", default=False)
    career_question = models.CharField(max_length=300, default=SHIPPED_TEXTS[3])
    asks_comment = models.BooleanField("asks for a comment", default=True)
    comment_question = models.CharField(max_length=300, default=SHIPPED_TEXTS[4])
    follows_completion = models.BooleanField(
        "follows completion",
        default=False,
        help_text=_("Sent automatically 30, 90 and 180 days after a learner completes a course."),
    )
    is_active = models.BooleanField(
        "active", default=True, help_text=_("No e-mails are sent for an inactive survey.")
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("title", "key")

    def __str__(self) -> str:
        return self.title

    def shown_text(self, field: str) -> str:
        """The text of a field, in the reader's language unless staff have reworded it."""
        text: str = getattr(self, field)
        return gettext(text) if text in SHIPPED_TEXTS else text


class WaveQuerySet(models.QuerySet["Wave"]):
    def open(self, now: datetime) -> WaveQuerySet:
        """Keep the waves whose e-mails are sent now."""
        return self.filter(opens_at__lte=now, closes_at__gt=now, survey__is_active=True)


class Wave(models.Model):
    """One round of a survey: its learners and the time in which they can answer."""

    survey = models.ForeignKey(Survey, models.CASCADE, related_name="waves")
    key = models.CharField(max_length=100, help_text=_("Unique within the survey."))
    course = models.ForeignKey(
        Course,
        models.CASCADE,
        null=True,
        blank=True,
        help_text=_("Empty: the course of the survey."),
    )
    run = models.ForeignKey(
        CourseRun, models.CASCADE, null=True, blank=True, help_text=_("Empty: every run.")
    )
    opens_at = models.DateTimeField(
        null=True, blank=True, help_text=_("Empty: an external system sends it.")
    )
    closes_at = models.DateTimeField(null=True, blank=True)
    reminder_days = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        default=7,
        help_text=_(
            "Days until learners who have not answered get one reminder. Empty: no reminder."
        ),
    )
    # for waves that follow completion: when the invited learners completed, and the delay
    days_after_completion = models.PositiveSmallIntegerField(null=True, editable=False)
    completed_from = models.DateTimeField(null=True, editable=False)
    completed_before = models.DateTimeField(null=True, editable=False)

    objects = WaveQuerySet.as_manager()

    class Meta:
        ordering = ("-opens_at", "survey", "key")
        constraints = (
            models.UniqueConstraint("survey", "key", name="wave_key_unique_in_survey"),
            models.CheckConstraint(
                # spelled out, because a check passes when a comparison with NULL is NULL
                condition=Q(opens_at=None, closes_at=None)
                | Q(opens_at__isnull=False, closes_at__isnull=False, closes_at__gt=F("opens_at")),
                name="wave_closes_after_it_opens",
            ),
            models.CheckConstraint(
                condition=Q(reminder_days=None) | Q(reminder_days__gt=0),
                name="reminder_days_are_positive",
            ),
        )

    def __str__(self) -> str:
        return f"{self.survey}: {self.key}"

    def clean(self) -> None:
        if self.run is not None and self.course_id not in (None, self.run.course_id):
            raise ValidationError({"run": gettext("This run does not belong to the course.")})
        if self.opens_at and not (self.closes_at and self.closes_at > self.opens_at):
            raise ValidationError(
                {"closes_at": gettext("Enter a closing time after the opening time.")}
            )

    def state(self, now: datetime) -> str:
        """Whether it is scheduled, open or closed, in words for staff."""
        if self.opens_at is None:
            return gettext("sent by an external system")
        if self.is_open(now):
            return pgettext("state of a survey wave", "open")
        if now < self.opens_at:
            return pgettext("state of a survey wave", "scheduled")
        return pgettext("state of a survey wave", "closed")

    @property
    def last_day(self) -> date | None:
        """The last day on which learners can answer; None if an external system runs the wave."""
        moment = self.closes_at and self.closes_at - timedelta(microseconds=1)
        return timezone.localdate(moment) if moment else None

    def is_open(self, now: datetime) -> bool:
        """True while learners can answer on our page."""
        if self.opens_at is None or self.closes_at is None:
            return False
        return self.opens_at <= now < self.closes_at


# longer than a task may run: a worker that has not sent an invitation by then was killed
CLAIM_LASTS = timedelta(hours=2)
MAX_ATTEMPTS = 5


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def unsent(self, now: datetime) -> InvitationQuerySet:
        """Keep those that a worker may claim and send."""
        is_free = Q(claimed_at=None) | Q(claimed_at__lt=now - CLAIM_LASTS)
        return self.filter(is_free, sent_at=None, dismissed_at=None, attempts__lt=MAX_ATTEMPTS)

    def unanswered(self) -> InvitationQuerySet:
        answers = Response.objects.filter(
            wave=models.OuterRef("wave"), enrollment=models.OuterRef("enrollment")
        )
        return self.filter(~models.Exists(answers))


@reported("sent_at", "dismissed_at")
class Invitation(models.Model):
    """An enrollment invited to a wave. The answer is a row of its own, a `Response`."""

    # the unique constraint starts with it, so a second index would only slow down inserts
    wave = models.ForeignKey(Wave, models.CASCADE, db_index=False, related_name="invitations")
    enrollment = models.ForeignKey(Enrollment, models.CASCADE, related_name="invitations")
    sent_at = models.DateTimeField(
        null=True,
        blank=True,
        db_index=True,
        help_text=_(
            "When it was sent, or the time of the first event about it. Empty: not sent yet."
        ),
    )
    reminded_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    dismissed_at = models.DateTimeField(null=True, blank=True)
    claimed_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When a worker started sending it.")
    )
    attempts = models.PositiveSmallIntegerField(
        "rejections", default=0, help_text=_("How often the mail server rejected it.")
    )

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = "survey invitation"
        ordering = ("-sent_at", "-pk")
        constraints = (
            models.UniqueConstraint(fields=("wave", "enrollment"), name="invited_once_in_a_wave"),
        )

    def __str__(self) -> str:
        return f"{self.enrollment} – {self.wave}"


@reported("answered_at")
class Response(models.Model):
    """The latest answer of an enrollment in a wave."""

    # the unique constraint starts with it, so a second index would only slow down inserts
    enrollment = models.ForeignKey(
        Enrollment, models.CASCADE, db_index=False, related_name="responses"
    )
    wave = models.ForeignKey(Wave, models.CASCADE, related_name="responses")
    answered_at = models.DateTimeField(db_index=True)
    nps = models.PositiveSmallIntegerField("recommendation", null=True, blank=True)
    csat = models.PositiveSmallIntegerField("satisfaction", null=True, blank=True)
    comment = models.TextField(blank=True)
    may_quote = models.BooleanField(
        "may be quoted", default=False, help_text=_("The learner agreed to be quoted.")
    )
    language = models.CharField(
        max_length=35, blank=True, help_text=_("As reported by the sender.")
    )
    # the event that the answer is from; of simultaneous ones the one that sorts last counts
    event_key = models.CharField(max_length=200, blank=True, db_default="", editable=False)
    event_sender = models.CharField(max_length=100, blank=True, db_default="", editable=False)

    class Meta:
        ordering = ("-answered_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("enrollment", "wave"), name="one_answer_per_enrollment_and_wave"
            ),
            models.CheckConstraint(
                condition=Q(nps=None) | Q(nps__gte=0, nps__lte=10), name="nps_is_0_to_10"
            ),
            models.CheckConstraint(
                condition=Q(csat=None) | Q(csat__gte=1, csat__lte=5), name="csat_is_1_to_5"
            ),
        )

    def __str__(self) -> str:
        return f"{self.enrollment} – {self.wave}"
