from __future__ import annotations

from django.db import models
from django.db.models import Q

from curriculum.models import Enrollment
from engagement.models.objects import LearningObject
from intake.models import ImportRun


class AssessmentResult(models.Model):
    """One graded attempt of one learner at one assessment or quiz."""

    # the unique constraint begins with it: a second index would only cost every insert
    enrollment = models.ForeignKey(
        Enrollment, models.CASCADE, db_index=False, related_name="results"
    )
    assessment = models.ForeignKey(LearningObject, models.CASCADE, related_name="results")
    attempt = models.PositiveIntegerField(help_text="From 1.")
    graded_at = models.DateTimeField(
        db_index=True, help_text="The first time: here it counts, whatever the grade is by now."
    )
    regraded_at = models.DateTimeField(
        null=True, blank=True, help_text="The last time. Empty: it was graded once."
    )
    score = models.FloatField(help_text="Scaled: 0–1.")
    import_run = models.ForeignKey(ImportRun, models.CASCADE, null=True, db_index=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("enrollment", "assessment", "attempt"), name="one_result_per_attempt"
            ),
            models.CheckConstraint(
                condition=Q(score__gte=0, score__lte=1), name="score_is_a_share"
            ),
        )

    def __str__(self) -> str:
        return f"{self.assessment}, attempt {self.attempt}: {self.score:.0%}"


class ItemResult(models.Model):
    """One answer to one item (question) of one graded attempt."""

    result = models.ForeignKey(AssessmentResult, models.CASCADE, related_name="items")
    item = models.CharField(max_length=200)
    score = models.FloatField(help_text="Scaled: 0–1; 1 is correct.")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("result", "item"), name="one_answer_per_item"),
            models.CheckConstraint(
                condition=Q(score__gte=0, score__lte=1), name="item_score_is_a_share"
            ),
        )

    def __str__(self) -> str:
        return f"{self.item}: {self.score:.0%}"
