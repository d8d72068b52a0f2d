from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from curriculum import enrollment_timeline
from curriculum.models.courses import CourseRun, Module
from curriculum.models.learners import Learner


class EnrollmentQuerySet(models.QuerySet["Enrollment"]):
    def counted(self) -> EnrollmentQuerySet:
        """Those that stand in denominators: not cancelled, no staff, no test accounts."""
        return self.filter(is_cancelled=False, learner__kind=Learner.Kind.LEARNER)


class Enrollment(models.Model):
    """One learner in one run, with the dates that the plan of its start gave it."""

    learner = models.ForeignKey(Learner, models.CASCADE, related_name="enrollments")
    run = models.ForeignKey(CourseRun, models.CASCADE, related_name="enrollments")
    enrolled_at = models.DateTimeField(help_text="When the learner signed up.")
    started_at = models.DateTimeField(
        db_index=True, help_text="When learning may begin: sign-up or run start."
    )
    cutoff_at = models.DateTimeField("refund cut-off", help_text="Leaving earlier cancels.")
    planned_due_at = models.DateTimeField(editable=False)
    due_at = models.DateTimeField(
        null=True,
        blank=True,
        db_index=True,
        help_text="Planned due date plus pauses; empty while a pause is open.",
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    completed_by_sender = models.BooleanField(
        default=False, help_text="The sender said so; else every required module was done."
    )
    certificate_track_at = models.DateTimeField(
        "on the certificate track since",
        null=True,
        blank=True,
        help_text="Empty: the learner is not to earn a certificate.",
    )
    is_cancelled = models.GeneratedField(
        # withdrawn before the cut-off; a null withdrawal must give false, not null
        expression=models.Case(
            models.When(withdrawn_at__lt=F("cutoff_at"), then=models.Value(True)),
            default=models.Value(False),
            output_field=models.BooleanField(),
        ),
        output_field=models.BooleanField(),
        db_persist=True,
    )

    objects = EnrollmentQuerySet.as_manager()

    class Meta:
        ordering = ("-started_at",)
        constraints = (
            models.UniqueConstraint("learner", "run", name="one_enrolment_per_learner_and_run"),
            models.CheckConstraint(
                condition=Q(cutoff_at__gte=F("started_at")), name="cutoff_not_before_start"
            ),
        )

    def __str__(self) -> str:
        return f"{self.learner} in {self.run}"

    @property
    def is_certificate_track(self) -> bool:
        return self.certificate_track_at is not None


class EnrollmentMoment(models.Model):
    """Something said of an enrollment: its dates and pauses follow from its moments alone."""

    class What(models.TextChoices):
        STARTED = enrollment_timeline.STARTED, "Started"
        WITHDRAWN = enrollment_timeline.WITHDRAWN, "Withdrawn"
        PAUSED = enrollment_timeline.PAUSED, "Paused"
        RESUMED = enrollment_timeline.RESUMED, "Resumed"
        COMPLETED = enrollment_timeline.COMPLETED, "Completed, says the sender"
        FINISHED = enrollment_timeline.FINISHED, "All required modules done"
        CERTIFIED = enrollment_timeline.CERTIFIED, "Certificate earned"

    # the unique constraint begins with it: a second index would only cost every insert
    enrollment = models.ForeignKey(
        Enrollment, models.CASCADE, db_index=False, related_name="moments"
    )
    what = models.CharField(max_length=10, choices=What.choices)
    at = models.DateTimeField()
    track = models.CharField(
        max_length=11, blank=True, help_text="Of a start: certificate or audit. Empty: not said."
    )
    learned_at = models.DateTimeField(
        null=True, blank=True, help_text="Of a pause: the first activity after it began."
    )
    by_event = models.BooleanField(
        default=True, help_text="An event says so, which may be taken back; else staff or a file."
    )

    class Meta:
        ordering = ("enrollment", "at")
        constraints = (
            models.UniqueConstraint(
                fields=("enrollment", "what", "at"), name="one_enrollment_moment"
            ),
        )

    def __str__(self) -> str:
        return f"{self.enrollment_id} {self.what} {self.at:%Y-%m-%d %H:%M}"


class PlannedModule(models.Model):
    """One line of the plan an enrolment started with; later edits of the course leave it."""

    # the unique constraint begins with it: a second index would only cost every insert
    enrollment = models.ForeignKey(Enrollment, models.CASCADE, db_index=False, related_name="plan")
    module = models.ForeignKey(Module, models.CASCADE, related_name="+")
    position = models.PositiveIntegerField()
    is_required = models.BooleanField("required", default=True)
    effort_minutes = models.PositiveIntegerField()
    planned_due_at = models.DateTimeField()
    due_at = models.DateTimeField(
        null=True,
        blank=True,
        db_index=True,
        help_text="Planned due date plus pauses; empty while a pause is open.",
    )

    class Meta:
        ordering = ("enrollment", "position")
        constraints = (models.UniqueConstraint("enrollment", "module", name="module_planned_once"),)

    def __str__(self) -> str:
        return f"{self.module} by {self.due_at:%Y-%m-%d}" if self.due_at else f"{self.module}"


class Pause(models.Model):
    """A stretch of time in which nothing falls due; it shifts the due dates after it."""

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
        return f"{self.enrollment} from {self.started_at:%Y-%m-%d}"
