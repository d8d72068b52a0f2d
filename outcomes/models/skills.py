from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.changes import reported
from curriculum.models import Enrollment, Skill


@reported("assessed_at")
class SkillAssessment(models.Model):
    """A learner's score in one assessment of a skill, and the mastery score at that time."""

    class Stage(models.TextChoices):
        PRE = "pre", _("Before the course")
        POST = "post", _("During or after the course")

    # the unique constraint starts with it, so a second index would only slow down inserts
    enrollment = models.ForeignKey(Enrollment, models.CASCADE, db_index=False)
    skill = models.ForeignKey(Skill, models.CASCADE, related_name="+")
    stage = models.CharField(max_length=4, choices=Stage.choices, default=Stage.POST)
    assessed_at = models.DateTimeField(db_index=True)
    score = models.FloatField(help_text=_("From 0 to 1."))
    mastery = models.FloatField(
        help_text=_("The score needed for mastery at the time of the assessment.")
    )

    class Meta:
        ordering = ("-assessed_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("enrollment", "skill", "stage", "assessed_at"),
                name="one_assessment_of_a_skill_per_moment",
            ),
            models.CheckConstraint(
                condition=Q(score__gte=0, score__lte=1), name="skill_score_is_a_share"
            ),
        )

    def __str__(self) -> str:
        return f"{self.skill}: {self.score:.0%}"

    @property
    def is_mastered(self) -> bool:
        return self.score >= self.mastery
