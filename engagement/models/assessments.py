"""Graded attempts at assessments."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.changes import reported
from curriculum.models import Enrollment
from engagement.models.objects import LearningObject
from intake.models import ImportRun


@reported("graded_at", "regraded_at")
class AssessmentResult(models.Model):
    """A graded attempt of an enrollment at an assessment."""

    # the unique constraint's index begins with this column: another would only slow inserts
    enrollment = models.ForeignKey(
        Enrollment, models.CASCADE, db_index=False, related_name="results"
    )
    assessment = models.ForeignKey(LearningObject, models.CASCADE, related_name="results")
    attempt = models.PositiveIntegerField(help_text=_("Counted from 1."))
    graded_at = models.DateTimeField(
        db_index=True,
        help_text=_("When it was first graded. It counts in this period, even after a regrade."),
    )
    regraded_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text=_("When it was last regraded. Empty if it was graded only once."),
    )
    score = models.FloatField(help_text=_("Scaled to 0–1."))
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
        text = gettext("%(assessment)s, attempt %(attempt)s")
        return text % {"assessment": self.assessment, "attempt": self.attempt}


class ItemResult(models.Model):
    """The answer to one item (question) in a graded attempt."""

    result = models.ForeignKey(AssessmentResult, models.CASCADE, related_name="items")
    item = models.CharField(max_length=200)
    score = models.FloatField(help_text=_("Scaled to 0–1; 1 is correct."))

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("result", "item"), name="one_answer_per_item"),
            models.CheckConstraint(
                condition=Q(score__gte=0, score__lte=1), name="item_score_is_a_share"
            ),
        )

    def __str__(self) -> str:
        return self.item
