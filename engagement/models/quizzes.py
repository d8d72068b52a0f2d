"""Attempted quizzes."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.changes import reported
from curriculum.models import Enrollment
from engagement.models.objects import LearningObject
from intake.models import ImportRun


@reported("attempted_at")
class QuizAttempt(models.Model):
    """A quiz that an enrollment attempted, with one row however many attempts there were."""

    # the unique constraint's index begins with this column: another would only slow inserts
    enrollment = models.ForeignKey(
        Enrollment, models.CASCADE, db_index=False, related_name="quiz_attempts"
    )
    quiz = models.ForeignKey(LearningObject, models.CASCADE, related_name="attempts")
    attempted_at = models.DateTimeField(help_text=_("The first attempt."))
    import_run = models.ForeignKey(ImportRun, models.CASCADE, null=True, db_index=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("enrollment", "quiz"), name="one_row_per_quiz"),
        )

    def __str__(self) -> str:
        text = gettext("%(enrollment)s tried %(quiz)s")
        return text % {"enrollment": self.enrollment_id, "quiz": self.quiz}
