from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.changes import reported
from curriculum import enrollment_timeline, refund_cutoff
from curriculum.models.courses import CourseRun, Module
from curriculum.models.learners import Learner


class EnrollmentQuerySet(models.QuerySet["Enrollment"]):
    def counted(self) -> EnrollmentQuerySet:
        """Keep those that figures count: not canceled, no staff, no test accounts."""
        return self.filter(is_cancelled=False, learner__kind=Learner.Kind.LEARNER)


@reported(
    "enrolled_at",
    "started_at",
    "cutoff_at",
    "planned_due_at",
    "due_at",
    "withdrawn_at",
    "completed_at",
    "certificate_track_at",
)
class Enrollment(models.Model):
    """One learner in one run, with the dates of its plan."""

    learner = models.ForeignKey(Learner, models.CASCADE, related_name="enrollments")
    run = models.ForeignKey(CourseRun, models.CASCADE, related_name="enrollments")
    enrolled_at = models.DateTimeField(help_text=_("When the learner signed up."))
    started_at = models.DateTimeField(
        db_index=True, help_text=_("Sign-up or start of the run, whichever is later.")
    )
    cutoff_at = models.DateTimeField(
        "refund cut-off", help_text=_("A withdrawal before this moment cancels the enrollment.")
    )
    planned_due_at = models.DateTimeField(editable=False)
    due_at = models.DateTimeField(
        null=True,
        blank=True,
        db_index=True,
        help_text=_("Planned due date plus pauses. Empty while a pause is open."),
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True, db_index=True)
    completed_by_sender = models.BooleanField(
        "completion reported",
        default=False,
        help_text=_("Reported by the sender, not derived from completed modules."),
    )
    certificate_track_at = models.DateTimeField(
        "on the certificate track since",
        null=True,
        blank=True,
        help_text=_("Empty if the learner does not work toward a certificate."),
    )
    is_cancelled = models.GeneratedField(
        verbose_name="canceled",
        expression=refund_cutoff.is_cancelled_in_sql(),
        output_field=models.BooleanField(),
        db_persist=True,
    )

    objects = EnrollmentQuerySet.as_manager()

    class Meta:
        ordering = ("-started_at",)
        constraints = (
            models.UniqueConstraint(
                "learner",
                "run",
                name="one_enrollment_per_learner_and_run",
                violation_error_message=_("This learner is already enrolled in this run."),
            ),
            models.CheckConstraint(
                condition=Q(cutoff_at__gte=F("started_at")), name="cutoff_not_before_start"
            ),
        )

    def __str__(self) -> str:
        return gettext("%(learner)s in %(run)s") % {"learner": self.learner, "run": self.run}

    @property
    def is_certificate_track(self) -> bool:
        return self.certificate_track_at is not None


class EnrollmentStatusChange(models.Model):
    """One recorded change; the enrollment's dates and pauses are derived from all of them."""

    class Kind(models.TextChoices):
        STARTED = enrollment_timeline.STARTED, _("Started")
        PRESUMED = enrollment_timeline.PRESUMED, _("Start presumed from an activity")
        WITHDRAWN = enrollment_timeline.WITHDRAWN, _("Withdrawn")
        PAUSED = enrollment_timeline.PAUSED, _("Paused")
        RESUMED = enrollment_timeline.RESUMED, _("Resumed")
        COMPLETED = enrollment_timeline.COMPLETED, _("Completion reported")
        FINISHED = enrollment_timeline.FINISHED, _("All required modules done")
        CERTIFIED = enrollment_timeline.CERTIFIED, _("Certificate earned")

    # no index of its own: the unique constraint begins with this column
    enrollment = models.ForeignKey(
        Enrollment, models.CASCADE, db_index=False, related_name="status_changes"
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    at = models.DateTimeField()
    track = models.CharField(
        max_length=11, blank=True, help_text=_("For a start: certificate, audit or unknown.")
    )
    next_activity_at = models.DateTimeField(
        null=True, blank=True, help_text=_("For a pause: the first activity after it began.")
    )
    by_event = models.BooleanField(
        default=True, help_text=_("Recorded by an event, which can be retracted.")
    )

    class Meta:
        ordering = ("enrollment", "at")
        constraints = (
            models.UniqueConstraint(
                fields=("enrollment", "kind", "at"), name="status_change_recorded_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.enrollment_id} {self.kind} {self.at:%Y-%m-%d %H:%M}"


@reported("planned_due_at", "due_at")
class PlannedModule(models.Model):
    """One module of an enrollment's plan; later edits of the course do not change it."""

    # no index of its own: the unique constraint begins with this column
    enrollment = models.ForeignKey(Enrollment, models.CASCADE, db_index=False, related_name="plan")
    module = models.ForeignKey(Module, models.CASCADE, related_name="+")
    position = models.PositiveIntegerField()
    is_required = models.BooleanField("required", default=True)
    effort_minutes = models.PositiveIntegerField("effort in minutes")
    planned_due_at = models.DateTimeField()
    due_at = models.DateTimeField(
        null=True,
        blank=True,
        db_index=True,
        help_text=_("Planned due date plus pauses. Empty while a pause is open."),
    )

    class Meta:
        ordering = ("enrollment", "position")
        constraints = (models.UniqueConstraint("enrollment", "module", name="module_planned_once"),)

    def __str__(self) -> str:
        return str(self.module)


@reported("started_at", "ended_at")
class Pause(models.Model):
    """A time in which nothing is due; it moves later due dates (curriculum/pause_shift.py)."""

    enrollment = models.ForeignKey(Enrollment, models.CASCADE, related_name="pauses")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("started_at",)
        constraints = (
            models.UniqueConstraint("enrollment", "started_at", name="one_pause_per_start"),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gt=F("started_at")),
                name="pause_ends_after_it_starts",
            ),
        )

    def __str__(self) -> str:
        return f"{self.enrollment}, {self.started_at:%Y-%m-%d}"
