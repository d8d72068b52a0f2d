from __future__ import annotations

from django.db import models
from django.db.models import Q

from curriculum.models import Course, CourseRun, Module


class LearningObject(models.Model):
    """A video, quiz or assessment of a course, under the key that senders know it by."""

    class Kind(models.TextChoices):
        VIDEO = "video", "Video"
        QUIZ = "quiz", "Quiz"
        ASSESSMENT = "assessment", "Assessment"

    course = models.ForeignKey(Course, models.CASCADE, related_name="objects_of_learning")
    run = models.ForeignKey(
        CourseRun, models.CASCADE, null=True, blank=True, help_text="Empty: in every run."
    )
    module = models.ForeignKey(Module, models.CASCADE, null=True, blank=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    key = models.CharField(max_length=200)
    title = models.CharField(max_length=200, blank=True)
    duration_seconds = models.FloatField(
        "duration", null=True, blank=True, help_text="Of a video, in seconds; empty: unknown."
    )
    # the first word of an event stands, in whatever order they arrive; empty: a definition's
    placed_at = models.DateTimeField(null=True, editable=False)
    measured_at = models.DateTimeField(null=True, editable=False)
    pass_mark = models.FloatField(default=0.5, help_text="Scaled score (0–1) that passes.")

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
