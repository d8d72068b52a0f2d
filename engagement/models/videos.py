"""Player events and watched videos."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.changes import reported
from curriculum.models import Enrollment
from engagement.models.objects import LearningObject


class PlayerEvent(models.Model):
    """A video player started or stopped playing at a position."""

    enrollment = models.ForeignKey(Enrollment, models.CASCADE, db_index=False)
    video = models.ForeignKey(LearningObject, models.CASCADE, db_index=False)
    at = models.DateTimeField()
    is_playing = models.BooleanField()
    position = models.FloatField(help_text=_("Seconds from the start of the video."))

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("enrollment", "video", "at", "is_playing"),
                name="one_player_event_per_moment",
            ),
        )

    def __str__(self) -> str:
        text = (
            gettext("play at %(seconds)s s")
            if self.is_playing
            else gettext("stop at %(seconds)s s")
        )
        return text % {"seconds": f"{self.position:g}"}


@reported("started_at")
class VideoProgress(models.Model):
    """What a learner has watched of a video: the union of all played segments."""

    # the unique constraint's index begins with this column: another would only slow inserts
    enrollment = models.ForeignKey(
        Enrollment, models.CASCADE, db_index=False, related_name="videos"
    )
    video = models.ForeignKey(LearningObject, models.CASCADE, related_name="progress")
    started_at = models.DateTimeField(db_index=True, help_text=_("First play."))
    # [[from, to], …] in seconds, merged and sorted, as reported by `video.watched` events only
    segments = models.JSONField(default=list)
    watched_seconds = models.FloatField(
        help_text=_("Unique seconds, at most the duration of the video.")
    )

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
