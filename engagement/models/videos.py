from __future__ import annotations

from django.db import models

from curriculum.models import Enrollment
from engagement.models.objects import LearningObject


class PlayerEvent(models.Model):
    """A player said that it began or stopped playing, and where."""

    enrollment = models.ForeignKey(Enrollment, models.CASCADE, db_index=False)
    video = models.ForeignKey(LearningObject, models.CASCADE, db_index=False)
    at = models.DateTimeField()
    is_playing = models.BooleanField()
    position = models.FloatField(help_text="Seconds from the video's start.")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("enrollment", "video", "at", "is_playing"), name="one_mark_per_moment"
            ),
        )

    def __str__(self) -> str:
        return f"{'play' if self.is_playing else 'stop'} at {self.position:g} s"


class VideoProgress(models.Model):
    """What one learner has seen of one video: the union of the played segments."""

    # the unique constraint begins with it: a second index would only cost every insert
    enrollment = models.ForeignKey(
        Enrollment, models.CASCADE, db_index=False, related_name="videos"
    )
    video = models.ForeignKey(LearningObject, models.CASCADE, related_name="progress")
    started_at = models.DateTimeField(db_index=True, help_text="First play.")
    # [[from, to], …] as reported, merged and sorted, in seconds; without those of the marks
    segments = models.JSONField(default=list)
    watched_seconds = models.FloatField(help_text="Unique seconds, at most the duration.")

    class Meta:
        verbose_name_plural = "video progress"
        constraints = (
            models.UniqueConstraint(fields=("enrollment", "video"), name="one_row_per_video"),
            models.CheckConstraint(
                condition=models.Q(watched_seconds__gte=0), name="watched_not_negative"
            ),
        )

    def __str__(self) -> str:
        return f"{self.video}: {self.watched_seconds:g} s"
