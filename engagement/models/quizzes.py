from __future__ import annotations

from django.db import models

from curriculum.models import Enrollment
from engagement.models.objects import LearningObject
from intake.models import ImportRun


class QuizAttempt(models.Model):
    """A learner tried a quiz; one row however often."""

    # the unique constraint begins with it: a second index would only cost every insert
    enrollment = models.ForeignKey(
        Enrollment, models.CASCADE, db_index=False, related_name="quiz_attempts"
    )
    quiz = models.ForeignKey(LearningObject, models.CASCADE, related_name="attempts")
    attempted_at = models.DateTimeField(help_text="The first time.")
    import_run = models.ForeignKey(ImportRun, models.CASCADE, null=True, db_index=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("enrollment", "quiz"), name="one_row_per_quiz"),
        )

    def __str__(self) -> str:
        return f"{self.enrollment_id} tried {self.quiz}"
