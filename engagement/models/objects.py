"""Videos, quizzes and assessments."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.changes import reported
from curriculum.models import Course, CourseRun, Module


class CourseDefinition(models.Model):
    """A definition of a course as it was sent: an older one that arrives later yields to it."""

    course = models.ForeignKey(Course, models.CASCADE, related_name="+")
    defined_at = models.DateTimeField()
    sender = models.CharField(max_length=100)
    key = models.CharField("id", max_length=200, help_text=_("The sender's own id of the event."))
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ("course", "defined_at", "key", "sender")
        constraints = (models.UniqueConstraint("sender", "key", name="one_definition_per_event"),)

    def __str__(self) -> str:
        return f"{self.course}, {self.defined_at:%Y-%m-%d}"


@reported()
class LearningObject(models.Model):
    """A video, quiz or assessment of a course, identified by the senders' key."""

    class Kind(models.TextChoices):
        VIDEO = "video", _("Video")
        QUIZ = "quiz", _("Quiz")
        ASSESSMENT = "assessment", _("Assessment")

    course = models.ForeignKey(Course, models.CASCADE, related_name="objects_of_learning")
    run = models.ForeignKey(
        CourseRun, models.CASCADE, null=True, blank=True, help_text=_("Empty: in every run.")
    )
    module = models.ForeignKey(Module, models.CASCADE, null=True, blank=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    key = models.CharField(max_length=200)
    title = models.CharField(max_length=200, blank=True)
    duration_seconds = models.FloatField(
        "duration",
        null=True,
        blank=True,
        help_text=_("Length of a video in seconds. Empty if unknown."),
    )
    # when the event happened that the module or the duration comes from: the earliest event wins.
    # Null if a course definition gave it, which overrides events
    module_reported_at = models.DateTimeField(null=True, editable=False)
    duration_reported_at = models.DateTimeField(null=True, editable=False)
    pass_mark = models.FloatField(
        default=0.5, help_text=_("Lowest scaled score (0–1) that passes.")
    )

    class Meta:
        ordering = ("course", "kind", "key")
        constraints = (
            models.UniqueConstraint("course", "kind", "key", name="object_key_unique_in_course"),
            models.CheckConstraint(
                condition=Q(duration_seconds=None) | Q(duration_seconds__gt=0),
                name="a_known_duration_is_positive",
            ),
            models.CheckConstraint(
                condition=Q(pass_mark__gte=0, pass_mark__lte=1), name="pass_mark_is_a_share"
            ),
        )

    def __str__(self) -> str:
        return self.title or self.key
